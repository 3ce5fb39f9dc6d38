"""The command line for clients, in this process."""

import argparse
from collections.abc import Awaitable, Callable

from identity_service.cli import add_client_commands
from identity_service.parts import Parts
from tests.support.services import Identity

Command = Callable[[Parts, argparse.Namespace], Awaitable[str]]


async def run(identity: Identity, line: str) -> str:
    """What a command for clients prints."""
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers(required=True)

    def add(name: str, _: str, command: Command) -> argparse.ArgumentParser:
        subparser: argparse.ArgumentParser = subparsers.add_parser(name)
        subparser.set_defaults(command=command)
        return subparser

    add_client_commands(add)
    options = parser.parse_args(line.split())
    return str(await options.command(identity.parts, options))
