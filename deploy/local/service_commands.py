"""Commands of the services as child processes of `make run`."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.common import CommandFailed
from deploy.local.interruptions import Interruptions
from deploy.local.processes import ChildProcess, end_children, start_child

_COMMAND_SECONDS = 120.0


@dataclass(frozen=True)
class Command:
    """`python -m <service>_service <arguments>`, with a text for its standard input."""

    service: str
    arguments: tuple[str, ...]
    stdin_text: str | None = None


class ServiceCommands:
    """Start commands with one environment; each writes to the log of its service in `home`."""

    def __init__(self, home: Path, environment: Mapping[str, str], interruptions: Interruptions) -> None:
        self._home = home
        self._environment = environment
        self._interruptions = interruptions

    def start(self, command: Command) -> ChildProcess:
        module = f"{command.service}_service"
        return start_child(
            f"{module} {command.arguments[0]}",
            [sys.executable, "-m", module, *command.arguments],
            self._home / f"{command.service}.log",
            environment=self._environment,
            stdin_text=command.stdin_text,
        )

    def run(self, *commands: Command) -> None:
        """Run these side by side to their ends. Raises CommandFailed with the first that fails."""
        children: list[ChildProcess] = []
        try:
            for command in commands:
                children.append(self.start(command))
            self._wait(children)
        finally:
            end_children(children, is_urgent=self._interruptions.is_repeated)

    def _wait(self, children: Sequence[ChildProcess]) -> None:
        deadline = time.monotonic() + _COMMAND_SECONDS
        for child in children:
            while child.is_alive():
                if time.monotonic() > deadline:
                    raise CommandFailed(f"{child.name} takes too long:\n{child.log_tail()}")
                self._interruptions.pause(0.02)
            if child.process.returncode != 0:
                raise CommandFailed(child.failure())
