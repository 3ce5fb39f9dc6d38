"""The SQL that writes the audit log. The app role may insert and read entries, and never change one."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit.models import AuditEntry
from watchword.service.callers import current_request


def record(db: AsyncSession, actor: str, action: str, subject: object, **detail: Any) -> AuditEntry:
    """Insert an entry, in the transaction of the change that it describes. It names the request that is being served,
    if there is one, and its caller's address."""
    entry = AuditEntry(actor=actor, action=action, subject=str(subject), detail=detail, **_request_members())
    db.add(entry)
    return entry


async def find(db: AsyncSession, entry_id: UUID, actor: str, action: str) -> AuditEntry | None:
    """The entry with this id, if it is about such an action of this actor."""
    wanted = AuditEntry.id == entry_id, AuditEntry.actor == actor, AuditEntry.action == action
    return await db.scalar(select(AuditEntry).where(*wanted))


async def record_each(db: AsyncSession, actor: str, action: str, subjects: Iterable[object], **detail: Any) -> None:
    """Insert one entry for each of the subjects, which may be thousands, in one statement."""
    each = func.unnest(cast([str(subject) for subject in subjects], ARRAY(Text))).column_valued("subject")
    members = _request_members()
    entries = select(
        literal(actor),
        literal(action),
        each,
        literal(detail, JSONB),
        *(literal(text, Text) for text in members.values()),
    )
    await db.execute(insert(AuditEntry).from_select(["actor", "action", "subject", "detail", *members], entries))


def _request_members() -> dict[str, str | None]:
    request = current_request()
    if request is None:
        return {"address": None, "request_id": None}
    return {"address": request.address, "request_id": request.request_id}
