"""The process that commands of a service are forked from: python -m tests.support.command_server SERVICE DESCRIPTOR."""

import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence

from identity_service.pages.environment import environment_of
from identity_service.pages.theme import Theme

Main = Callable[[Sequence[str]], None]


def main(service: str, descriptor: str) -> None:
    """Run a command for each message on the socket with this descriptor, until its other end is closed. A message has
    the descriptors of a connection and of the standard input, output and error of the command."""
    command: Main = importlib.import_module(f"{service}_service.cli").main
    importlib.import_module(f"{service}_service.commands")
    importlib.import_module("watchword.service.command_app")
    # Most of what is left of a short command: the pages are checked, and remembered by their theme.
    environment_of(Theme(None))
    control = socket.socket(fileno=int(descriptor))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        _, (*descriptors,), _, _ = socket.recv_fds(control, 1, 4)
        if not descriptors:
            return
        if os.fork() == 0:
            control.close()
            _run(command, *descriptors)
            return
        for number in descriptors:
            os.close(number)


def _run(command: Main, connection_number: int, *standard: int) -> None:
    """Read arguments and environment, and write the id of the command's process and at last its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection = socket.socket(fileno=connection_number)
    with connection.makefile("rb") as lines:
        arguments, environment = json.loads(lines.readline())
    process = os.fork()
    if process == 0:
        connection.close()
        _command(command, arguments, environment, standard)
        return
    connection.sendall(b"%d\n" % process)
    _, status = os.waitpid(process, 0)
    connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _command(command: Main, arguments: list[str], environment: dict[str, str], standard: Sequence[int]) -> None:
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    command(arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
