"""The SQL of the audit log. The app role may insert and read entries, and never change one."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Text, cast, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit.models import AuditEntry


def record(db: AsyncSession, actor: str, action: str, subject: object, **detail: Any) -> None:
    """Insert an entry, in the transaction of the change that it describes."""
    db.add(AuditEntry(actor=actor, action=action, subject=str(subject), detail=detail))


async def record_each(db: AsyncSession, actor: str, action: str, subjects: Iterable[object], **detail: Any) -> None:
    """Insert one entry for each of the subjects, which may be thousands, in one statement."""
    each = func.unnest(cast([str(subject) for subject in subjects], ARRAY(Text))).column_valued("subject")
    entries = select(literal(actor), literal(action), each, literal(detail, JSONB))
    await db.execute(insert(AuditEntry).from_select(["actor", "action", "subject", "detail"], entries))
