"""Running a command of a service's command line that works on its database."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from watchword.errors import AppError, Invalid

if TYPE_CHECKING:
    from watchword.database.database import Database
    from watchword.database.migrations import Migrations


class PartsWithDatabase(Protocol):
    """What a command works with."""

    @property
    def database(self) -> "Database": ...


AnyParts = TypeVar("AnyParts", bound=PartsWithDatabase)


async def run_command(
    parts: AnyParts,
    migrations: "Migrations",
    command: Callable[[AnyParts, argparse.Namespace], Awaitable[str]],
    options: argparse.Namespace,
) -> None:
    """Print what the command returns, and close the database. Raises SystemExit after an error, which it prints, also
    if the schema is not the one that this release needs."""
    try:
        _ensure_text(options)
        await migrations.usable_revision(parts.database.reads)
        print(await command(parts, options))
    except AppError as error:
        print(error.reason or error.detail, file=sys.stderr)
        raise SystemExit(1) from None
    finally:
        await parts.database.close()


def _ensure_text(options: argparse.Namespace) -> None:
    """Raise Invalid for an argument that is not UTF-8, which no table can hold."""
    values = (value if isinstance(value, list) else [value] for value in vars(options).values())
    for text in (text for value in values for text in value if isinstance(text, str)):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Invalid(advice="an argument is not UTF-8") from None
