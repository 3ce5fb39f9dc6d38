"""One service of `make run` in one process: the commands that prepare it, each in a fork of it, then `serve`.

Importing the code of a service takes longer than these commands do, and a fork has it already.
"""

import importlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.local.processes import ChildProcess, start_child

Run = Callable[[Sequence[str]], None]


def start_service(
    service: str,
    preparations: Sequence[Sequence[str]],
    log: Path,
    environment: Mapping[str, str],
    *,
    awaited_port: int | None = None,
) -> ChildProcess:
    """Start a process that runs these commands in turn, and then serves; it ends with the first command that fails.

    With `awaited_port` it serves only once another service listens on that port.
    """
    return start_child(
        f"{service}_service",
        [sys.executable, "-m", __name__, service, json.dumps(preparations), json.dumps(awaited_port)],
        log,
        environment=environment,
    )


def main(service: str, preparations: str, awaited_port: str) -> None:
    """Run in the process that `start_service` starts."""
    run: Run = importlib.import_module(f"{service}_service.cli").main
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    for arguments in json.loads(preparations):
        _run_in_a_fork(run, arguments)
    if (port := json.loads(awaited_port)) is not None:
        _await_listener(port)
    run(["serve"])


def _run_in_a_fork(run: Run, arguments: Sequence[str]) -> None:
    """Run a command in a fork of this process, which has one thread. Exits with the command's status if it fails."""
    child = os.fork()
    if child == 0:
        run(arguments)
        sys.exit()
    try:
        _, status = os.waitpid(child, 0)
    except BaseException:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGTERM)
            # Whoever ends this process kills the rest of its group then, and the command may not be done.
            os.waitpid(child, 0)
        raise
    if status != 0:
        sys.exit(os.waitstatus_to_exitcode(status))


def _await_listener(port: int) -> None:
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
