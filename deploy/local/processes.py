"""Child processes: started so that none is left behind, ended in bounded time, their last words at hand."""

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

_LEASH = Path(__file__).with_name("die_with_parent.py")
_ROTATED_ABOVE = 10 * 1024 * 1024
_HURRIED_PATIENCE = 1.0


class LocalFailure(Exception):
    """Something went wrong; the message is for the person who typed the command."""


def exit_status(command: str, act: Callable[[], int | None]) -> int:
    """What `act` returns, or 0; 1 with one clear message where it failed, 130 where it was interrupted."""
    try:
        return act() or 0
    except (LocalFailure, OSError) as failure:
        print(f"make {command}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


@dataclass(frozen=True)
class Child:
    """A process we started, the leader of its own group, and the log it writes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int

    def is_alive(self) -> bool:
        """False once it has ended; it is reaped by the asking."""
        return self.process.poll() is None

    def last_words(self, lines: int = 15) -> str:
        """The end of what it wrote to its log since it was started."""
        with self.log.open("rb") as log:
            log.seek(max(self.log_start, log.seek(0, os.SEEK_END) - 16_384))
            text = log.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def failure(self) -> str:
        """Says how it ended, and its last words."""
        how = f"{self.name} ended with exit code {self.process.wait()}"
        return f"{how}. Its last words, from {self.log}:\n{self.last_words()}"


def start_child(
    name: str,
    command: Sequence[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    on_our_death: signal.Signals = signal.SIGTERM,
    as_user: Sequence[str] = (),
    pass_fds: Sequence[int] = (),
    text_in: str | None = None,
) -> Child:
    """Starts a command in a session of its own, so that a Ctrl-C in the terminal does not reach it.

    On Linux it gets the signal `on_our_death` when the calling *thread* ends, whatever ends it. `as_user` is
    a command that changes the user and runs the rest; `text_in` must be short: nothing is read meanwhile.
    """
    if sys.platform == "linux":
        # Made after the change of user, because that clears the wish.
        leash = [sys.executable, "-I", "-S", str(_LEASH), str(int(on_our_death)), str(os.getpid())]
        command = [*leash, *command]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*as_user, *command],
            stdin=subprocess.DEVNULL if text_in is None else subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=environment,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        child = Child(name, process, log, log_start=output.tell())
    if process.stdin is not None and text_in is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(text_in.encode())
    return child


def end_children(
    children: Sequence[Child],
    signals: Sequence[signal.Signals] = (signal.SIGTERM,),
    *,
    patience: float = 15.0,
    hurried: Callable[[], bool] = lambda: False,
) -> None:
    """Ends all at once: each signal in turn, `patience` seconds after each, at last SIGKILL for whole groups.

    Someone `hurried` shortens the patience to one second. Children that have ended already are no error.
    """
    for number in signals:
        for child in children:
            child.process.send_signal(number)
        _await_end(children, patience, hurried)
    for child in children:
        # The whole group: a service's own workers must not outlive it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait(timeout=10)


def _await_end(children: Sequence[Child], patience: float, hurried: Callable[[], bool]) -> None:
    started = time.monotonic()
    while any(child.is_alive() for child in children):
        if time.monotonic() - started > (min(patience, _HURRIED_PATIENCE) if hurried() else patience):
            return
        time.sleep(0.02)


def rotate(log: Path) -> None:
    """Moves a log that has grown above 10 MB aside; the one moved aside before is given up."""
    if log.exists() and log.stat().st_size > _ROTATED_ABOVE:
        log.replace(log.with_name(f"{log.name}.1"))


def is_port_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def any_free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
