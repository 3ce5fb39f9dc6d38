"""The command line of a service: `serve`, `migrate`, `new-migration`, `settings`, and what a service adds."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from watchword.service.process import exit_on_sigterm, serve
from watchword.service.settings import EnvironmentSettings, MigrationSettings, ServiceSettings, load, read_variables
from watchword.service.settings_report import ineffective_variables, setting_lines, setting_problems
from watchword.service.variables import Variables

if TYPE_CHECKING:
    from watchword.database.migrations import Migrations

Run = Callable[[argparse.Namespace], None]


class CommandLine:
    """`python -m <package>`. The package has a function `from_environment` in its module `app`."""

    def __init__(
        self,
        package: str,
        description: str,
        migrations: "Migrations",
        settings: type[ServiceSettings],
        migration_settings: type[MigrationSettings],
    ) -> None:
        self._package = package
        self._migrations = migrations
        self._settings = settings
        self._migration_settings = migration_settings
        self._readers: dict[str, type[EnvironmentSettings]] = {"serve": settings, "migrate": migration_settings}
        self._parser = argparse.ArgumentParser(prog=f"python -m {package}", description=description)
        self._commands = self._parser.add_subparsers(dest="command", required=True, metavar="command")
        self.add("serve", "Run the service.", self._serve)
        self.add("migrate", "Bring the schema to the newest revision.", self._migrate)
        new_migration = self.add("new-migration", "Write the next migration from the models.", self._generate)
        new_migration.add_argument("message")
        self.add("settings", "Print the settings, with where each comes from, and what is wrong.", self._print_settings)

    def add(self, name: str, description: str, run: Run) -> argparse.ArgumentParser:
        """Add a command. `run` gets the parsed arguments, those of the returned parser among them."""
        command = self._commands.add_parser(name, help=description, description=description)
        command.set_defaults(run=run)
        return command

    def reads(self, name: str, settings: type[EnvironmentSettings]) -> None:
        """Name the settings that a command reads if they are not those of `serve`."""
        self._readers[name] = settings

    def run(self, arguments: Sequence[str] | None = None) -> None:
        """Run the command that the arguments name; without `arguments`, those of the process."""
        exit_on_sigterm()
        options = self._parser.parse_args(arguments)
        # A file that cannot be read is named by the command itself.
        with suppress(OSError):
            for line in ineffective_variables(self._readers, Variables.read()):
                print(f"warning: {line}", file=sys.stderr)
        options.run(options)

    def _serve(self, _: argparse.Namespace) -> None:
        serve(f"{self._package}.app:from_environment", load(self._settings))

    def _migrate(self, _: argparse.Namespace) -> None:
        self._migrations.migrate(load(self._migration_settings).migration_database_url)

    def _generate(self, options: argparse.Namespace) -> None:
        self._migrations.generate(load(self._migration_settings).migration_database_url, options.message)

    def _print_settings(self, _: argparse.Namespace) -> None:
        variables = read_variables()
        print("\n".join(setting_lines(self._readers, variables)))
        if problems := setting_problems(self._readers, variables):
            print("\n".join(problems), file=sys.stderr)
            raise SystemExit(2)
