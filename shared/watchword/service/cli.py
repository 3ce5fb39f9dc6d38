"""The command line of a service: `serve`, `migrate`, `new-migration`, and the commands that a service adds."""

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from watchword.service.process import exit_on_sigterm, serve
from watchword.service.settings import MigrationSettings, ServiceSettings, load

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
        self._parser = argparse.ArgumentParser(prog=f"python -m {package}", description=description)
        self._commands = self._parser.add_subparsers(dest="command", required=True, metavar="command")
        self.add("serve", "Run the service.", self._serve)
        self.add("migrate", "Bring the schema to the newest revision.", self._migrate)
        new_migration = self.add("new-migration", "Write the next migration from the models.", self._generate)
        new_migration.add_argument("message")

    def add(self, name: str, description: str, run: Run) -> argparse.ArgumentParser:
        """Add a command. `run` gets the parsed arguments, those of the returned parser among them."""
        command = self._commands.add_parser(name, help=description, description=description)
        command.set_defaults(run=run)
        return command

    def run(self, arguments: Sequence[str] | None = None) -> None:
        """Run the command that the arguments name; without `arguments`, those of the process."""
        exit_on_sigterm()
        options = self._parser.parse_args(arguments)
        options.run(options)

    def _serve(self, _: argparse.Namespace) -> None:
        serve(f"{self._package}.app:from_environment", load(self._settings))

    def _migrate(self, _: argparse.Namespace) -> None:
        self._migrations.migrate(load(self._migration_settings).migration_database_url)

    def _generate(self, options: argparse.Namespace) -> None:
        self._migrations.generate(load(self._migration_settings).migration_database_url, options.message)
