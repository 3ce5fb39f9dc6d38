"""python -m posts_service: serve, migrate."""

import argparse
from collections.abc import Sequence

from posts_service.parts import MIGRATIONS
from posts_service.settings import Migration, Settings
from watchword.service.app import exit_on_sigterm, serve
from watchword.service.settings import load


def main(arguments: Sequence[str] | None = None) -> None:
    exit_on_sigterm()
    parser = argparse.ArgumentParser(prog="python -m posts_service", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("serve", help="Run the service.")
    commands.add_parser("migrate", help="Bring the schema to the newest revision.")
    generate = commands.add_parser("new-migration", help="Write the next migration from the models.")
    generate.add_argument("message")
    options = parser.parse_args(arguments)
    if options.command == "serve":
        serve("posts_service.app:from_environment", load(Settings))
    elif options.command == "migrate":
        MIGRATIONS.migrate(load(Migration).migration_database_url)
    else:
        MIGRATIONS.generate(load(Migration).migration_database_url, options.message)
