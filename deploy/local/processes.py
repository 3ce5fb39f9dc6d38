"""Child processes: none outlives this one, each stops in bounded time, and the end of its log explains a failure."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_DIE_WITH_PARENT = Path(__file__).with_name("die_with_parent.py")
_ROTATE_ABOVE_BYTES = 10 * 1024 * 1024
_URGENT_SECONDS = 1.0


@dataclass(frozen=True)
class ChildProcess:
    """A process that we started, the leader of its own process group, and the log that it writes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int

    def is_alive(self) -> bool:
        """Return whether it still runs; one that has ended is reaped."""
        return self.process.poll() is None

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines that it has written to its log since it was started."""
        with self.log.open("rb") as log:
            log.seek(max(self.log_start, log.seek(0, os.SEEK_END) - 16_384))
            text = log.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def failure(self) -> str:
        """Describe how it ended, with the last lines of its log."""
        code = self.process.wait()
        return f"{self.name} ended with exit code {code}. The last lines of {self.log}:\n{self.log_tail()}"


def start_child(
    name: str,
    command: Sequence[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    signal_if_orphaned: signal.Signals = signal.SIGTERM,
    user_command: Sequence[str] = (),
    pass_fds: Sequence[int] = (),
) -> ChildProcess:
    """Start a command in a process group of its own, so that a Ctrl-C in the terminal does not reach it.

    It stays in our session (setsid), because Linux's autogroups make niceness count only among the threads of one
    session: those that hash passwords are nice so that all else, the other services too, runs first.

    On Linux it gets `signal_if_orphaned` when the calling *thread* ends, for whatever reason. `user_command` changes
    the user and runs its arguments.
    """
    if sys.platform == "linux":
        # After `user_command`, because a change of user clears the request for the signal.
        wrapper = [sys.executable, "-I", "-S", str(_DIE_WITH_PARENT), str(int(signal_if_orphaned)), str(os.getpid())]
        command = [*wrapper, *command]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*user_command, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            pass_fds=pass_fds,
            process_group=0,
        )
        return ChildProcess(name, process, log, log_start=output.tell())


def end_children(
    children: Sequence[ChildProcess],
    signals: Sequence[signal.Signals] = (signal.SIGTERM,),
    *,
    timeout_seconds: float = 15.0,
    is_urgent: Callable[[], bool] = lambda: False,
) -> None:
    """Stop all of them together: send each signal in turn, wait after each, and at last SIGKILL the whole groups.

    The wait is one second at most as soon as `is_urgent` answers True. A child that has ended already is no error.
    """
    for number in signals:
        for child in children:
            child.process.send_signal(number)
        _wait_for_end(children, timeout_seconds, is_urgent)
    for child in children:
        # The whole group, because a service's worker processes must not outlive it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait(timeout=10)


def _wait_for_end(children: Sequence[ChildProcess], timeout_seconds: float, is_urgent: Callable[[], bool]) -> None:
    started = time.monotonic()
    while any(child.is_alive() for child in children):
        if time.monotonic() - started > (min(timeout_seconds, _URGENT_SECONDS) if is_urgent() else timeout_seconds):
            return
        time.sleep(0.02)


def rotate(log: Path) -> None:
    """Rename a log above 10 MB to `<name>.1`, replacing the previous one of that name."""
    if log.exists() and log.stat().st_size > _ROTATE_ABOVE_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))


def is_port_free(port: int) -> bool:
    """Return whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def any_free_port() -> int:
    """Return a port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
