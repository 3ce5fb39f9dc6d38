"""Commands of a service, each a process of its own, forked from one that has imported the service already: to import it
takes ten times as long as most commands."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from typing import BinaryIO


class Commands:
    """Runs the commands of one service, as `python -m` does."""

    def __init__(self, service: str) -> None:
        self._control, other = socket.socketpair()
        server = [sys.executable, "-m", "tests.support.command_server", service, str(other.fileno())]
        self._process = subprocess.Popen(
            server, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[other.fileno()]
        )
        other.close()

    def close(self) -> None:
        """End the process that commands are forked from."""
        self._control.close()
        self._process.wait()

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], *, stdin: str = "", seconds: float
    ) -> "subprocess.CompletedProcess[str]":
        """The outcome of a command, which is killed after so many seconds."""
        with tempfile.TemporaryFile() as read, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as error:
            read.write(stdin.encode())
            read.seek(0)
            status = self._status(json.dumps([arguments, dict(environment)]), (read, output, error), seconds)
            return subprocess.CompletedProcess(arguments, status, _text(output), _text(error))

    def _status(self, request: str, standard: Sequence[BinaryIO], seconds: float) -> int:
        connection, other = socket.socketpair()
        with connection, other:
            descriptors = [other.fileno(), *(file.fileno() for file in standard)]
            socket.send_fds(self._control, [b"1"], descriptors)
            other.close()
            connection.settimeout(seconds)
            connection.sendall(f"{request}\n".encode())
            with connection.makefile("rb") as lines:
                process = int(lines.readline())
                try:
                    return int(lines.readline())
                except TimeoutError:
                    os.kill(process, signal.SIGKILL)
                    raise


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode()


@cache
def commands_of(service: str) -> Commands:
    commands = Commands(service)
    atexit.register(commands.close)
    return commands
