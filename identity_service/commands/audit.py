"""The commands about the audit log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import orjson
import typer
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from identity_service.admin.audit_schemas import AuditEntryRead, AuditPage
from identity_service.audit.filters import AuditFilter
from identity_service.audit.retention import LEAST, prune
from identity_service.commands.opening import open_parts
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.schema import MIGRATIONS
from identity_service.settings import IdentityMigrationSettings
from watchword.clock import SystemClock
from watchword.database.database import Database
from watchword.errors import Invalid
from watchword.service import load
from watchword.service.command_options import Cursor, Limit
from watchword.service.commands import Answer, CommandGroup, Lines, page_answer, usable

_MOST_DAYS: Final = 36_500
_TIME: Final[TypeAdapter[datetime]] = TypeAdapter(AwareDatetime)


def _time(text: str) -> datetime:
    try:
        return _TIME.validate_python(text)
    except ValidationError:
        raise typer.BadParameter(f"{text} is no time with a zone, such as 2026-01-31T12:00:00Z") from None


def _at(text: str) -> Any:
    return typer.Option(metavar="TIME", parser=_time, help=text)


Actor = Annotated[str | None, typer.Option(help="A person's id, a client's id, or 'command line'.")]
Subject = Annotated[str | None, typer.Option(help="The id of what was acted on.")]
Action = Annotated[str | None, typer.Option(help="The name of an act, such as session.ended.")]
RequestId = Annotated[str | None, typer.Option(help="The id of the request that did it.")]
Since = Annotated[datetime | None, _at("Only entries from this time on.")]
Until = Annotated[datetime | None, _at("Only entries before this time.")]

GROUP = CommandGroup("audit", "The audit log: who did what.", open_parts)


@GROUP.verb("list")
async def list_entries(
    parts: Parts,
    *,
    actor: Actor = None,
    subject: Subject = None,
    action: Action = None,
    request_id: RequestId = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Answer:
    """Look something up in the audit log, the newest entry first."""
    filters = AuditFilter(actor, subject, action, request_id, since, until)
    page = await parts.admin.audit.list(filters, cursor, limit)
    entries = AuditPage(items=[AuditEntryRead.of(row) for row in page.entries], next=page.next_cursor)
    return page_answer(entries, [_line(entry) for entry in entries.items], "There is no such entry.")


@GROUP.verb("export")
async def export_entries(
    parts: Parts,
    *,
    actor: Actor = None,
    subject: Subject = None,
    action: Action = None,
    request_id: RequestId = None,
    since: Since = None,
    until: Until = None,
) -> Lines:
    """Print the entries as lines of JSON, the oldest first; the last line has their count."""
    filters = AuditFilter(actor, subject, action, request_id, since, until)
    return Lines(await parts.admin.audit_export.begin(BY_COMMAND_LINE.actor, filters, _may_go_on))


async def _may_go_on() -> None:
    """A command has no session that could end."""


@dataclass(frozen=True)
class OwnersParts:
    """What a command of the owner role needs: its database, and nothing of the service."""

    database: Database


@asynccontextmanager
async def open_as_owner() -> AsyncIterator[OwnersParts]:
    """The database, connected as the owner role."""
    parts = OwnersParts(Database(load(IdentityMigrationSettings).migration_database_url, size=1))
    async with usable(parts, MIGRATIONS):
        yield parts


@GROUP.verb("prune", open_as_owner)
async def prune_entries(
    parts: OwnersParts,
    *,
    older_than: Annotated[
        int, typer.Option(metavar="DAYS", help=f"Delete entries that are older; at least {LEAST.days}.")
    ],
) -> Answer:
    """Delete old entries, as the database role that owns the log."""
    if not LEAST.days <= older_than <= _MOST_DAYS:
        raise Invalid(advice=f"--older-than takes {LEAST.days} to {_MOST_DAYS} days")
    before = SystemClock().now() - timedelta(days=older_than)
    deleted = await prune(parts.database, BY_COMMAND_LINE.actor, before)
    text = f"Deleted entries from before {before.isoformat(timespec='seconds')}: {deleted}."
    return Answer(text, {"before": before, "deleted": deleted})


def _line(entry: AuditEntryRead) -> str:
    """One line of the log; the time is in UTC."""
    detail = orjson.dumps(entry.detail).decode()
    return f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor}  {entry.action}  {entry.subject}  {detail}"
