"""The command of the owner role that deletes old entries of the audit log."""

import argparse
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from identity_service.audit.retention import LEAST, prune
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.schema import MIGRATIONS
from identity_service.settings import IdentityMigrationSettings
from watchword.clock import SystemClock
from watchword.database.database import Database
from watchword.errors import AppError, Invalid
from watchword.service import load

_MOST_DAYS: Final = 36_500


@dataclass(frozen=True)
class OwnersParts:
    """What a command of the owner role needs: its database, and nothing of the service."""

    database: Database


def add_pruning_arguments(parser: argparse.ArgumentParser) -> None:
    days = f"entries of so many days ago and earlier are deleted; at least {LEAST.days}"
    parser.add_argument("--older-than", type=int, required=True, metavar="DAYS", help=days)


async def run_as_owner(options: argparse.Namespace) -> None:
    """Prune the audit log, connected as the owner role."""
    parts = OwnersParts(Database(load(IdentityMigrationSettings).migration_database_url, size=1))
    await run_command(parts, MIGRATIONS, prune_audit, options)


async def prune_audit(parts: OwnersParts, options: argparse.Namespace) -> str:
    """Delete old entries, and return what to print."""
    if not LEAST.days <= options.older_than <= _MOST_DAYS:
        raise Invalid(advice=f"--older-than takes {LEAST.days} to {_MOST_DAYS} days")
    before = SystemClock().now() - timedelta(days=options.older_than)
    deleted = await prune(parts.database, BY_COMMAND_LINE.actor, before)
    return f"Entries of before {before.isoformat(timespec='seconds')} that were deleted: {deleted}."


async def run_command(parts: Any, migrations: Any, command: Any, options: argparse.Namespace) -> None:
    from watchword.service.commands import refuse, usable

    try:
        async with usable(parts, migrations):
            print(await command(parts, options))
    except AppError as error:
        refuse(error.reason or error.detail, 1)
