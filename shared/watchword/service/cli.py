"""The command line of a service: `serve`, `migrate`, `new-migration`, `settings`, and the groups that a service has."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from watchword.service.process import exit_on_sigterm, serve
from watchword.service.settings import EnvironmentSettings, MigrationSettings, ServiceSettings, load
from watchword.service.settings_report import ineffective_variables
from watchword.service.variables import Variables

if TYPE_CHECKING:
    from watchword.database.migrations import Migrations
    from watchword.service.commands import CommandGroup

Groups = Callable[[], "Iterable[CommandGroup[Any]]"]
"""Imports the groups of a service, which a process that serves does without."""


class CommandLine:
    """`python -m <package>`. The package has a function `from_environment` in its module `app`.

    `former_names` has a command of an earlier release, and the line to enter instead.
    """

    def __init__(
        self,
        package: str,
        description: str,
        migrations: "Migrations",
        settings: type[ServiceSettings],
        migration_settings: type[MigrationSettings],
        *,
        groups: Groups = tuple,
        former_names: Mapping[str, str] | None = None,
    ) -> None:
        self.program = f"python -m {package}"
        self.description = description
        self.migrations = migrations
        self.migration_settings = migration_settings
        self.readers: dict[str, type[EnvironmentSettings]] = {"serve": settings, "migrate": migration_settings}
        self.groups = groups
        self._package = package
        self._settings = settings
        self._former_names = former_names or {}

    def reads(self, command: str, settings: type[EnvironmentSettings]) -> None:
        """Name the settings that a command reads if they are not those of `serve`."""
        self.readers[command] = settings

    def run(self, arguments: Sequence[str] | None = None) -> None:
        """Run the command that the arguments name; without `arguments`, those of the process."""
        exit_on_sigterm()
        words = sys.argv[1:] if arguments is None else list(arguments)
        _ensure_text(words)
        if words and (line := self._former_names.get(words[0])) is not None:
            _refuse(f"{words[0]} has another name: {self.program} {line}")
        if words == ["serve"]:
            self.serve()
            return
        # Imported here: a process that serves would keep it in memory.
        from watchword.service.command_app import run_command

        run_command(self, words)

    def serve(self) -> None:
        self.warn()
        serve(f"{self._package}.app:from_environment", load(self._settings))

    def warn(self) -> None:
        """Print which variables have no effect."""
        # A file that cannot be read is named by the command itself.
        with suppress(OSError):
            for line in ineffective_variables(self.readers, Variables.read()):
                print(f"warning: {line}", file=sys.stderr)


def _ensure_text(words: Sequence[str]) -> None:
    """Refuse an argument that is not UTF-8, which no table can hold."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            _refuse("an argument is not UTF-8")


def _refuse(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    raise SystemExit(2)
