"""The command line of a service as typer parses it."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from watchword.service.cli import CommandLine
from watchword.service.commands import PLAIN, Answer, AsJson, Opener, Verb, run_verb, show
from watchword.service.settings import load, read_variables
from watchword.service.settings_report import setting_lines, setting_problems, setting_rows


def run_command(line: CommandLine, words: Sequence[str]) -> None:
    """Run the command that these words name. Exits with status 1 if it is refused, with 2 for words that it does not
    take."""
    try:
        _app(line)(list(words), prog_name=line.program)
    except SystemExit as ended:
        # Typer exits in either case.
        if ended.code:
            raise


def _app(line: CommandLine) -> typer.Typer:
    app = typer.Typer(**PLAIN, help=line.description)
    _add_own_commands(app, line)

    def carry_out(verb: Verb, open_parts: Opener[Any], entered: dict[str, Any], as_json: bool) -> None:
        line.warn()
        asyncio.run(run_verb(verb, open_parts, entered, as_json=as_json))

    for group in line.groups():
        app.add_typer(group.as_typer(carry_out), name=group.name)
    return app


def _add_own_commands(app: typer.Typer, line: CommandLine) -> None:
    @app.command("serve")
    def serve() -> None:
        """Run the service."""
        line.serve()

    @app.command("migrate")
    def migrate() -> None:
        """Bring the schema to the newest revision."""
        line.warn()
        line.migrations.migrate(load(line.migration_settings).migration_database_url)

    @app.command("new-migration")
    def new_migration(message: Annotated[str, typer.Argument(help="What it changes, in a few words.")]) -> None:
        """Write the next migration from the models."""
        line.warn()
        line.migrations.generate(load(line.migration_settings).migration_database_url, message)

    @app.command("settings")
    def settings(*, as_json: AsJson = False) -> None:
        """Print the settings, with where each comes from, and what is wrong."""
        line.warn()
        variables = read_variables()
        problems = setting_problems(line.readers, variables)
        rows = setting_rows(line.readers, variables)
        document = {"settings": [row._asdict() for row in rows], "problems": problems}
        show(Answer("\n".join(setting_lines(rows)), document), as_json=as_json)
        if problems:
            print("\n".join(problems), file=sys.stderr)
            raise typer.Exit(2)
