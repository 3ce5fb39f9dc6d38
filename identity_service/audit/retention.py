"""Deleting old entries of the audit log. Only the owner role may: the service cannot."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit import repository
from identity_service.audit.filters import AuditFilter
from identity_service.audit.models import AuditEntry
from watchword.database.database import Database
from watchword.database.portions import delete_in_portions, delete_portion

LEAST: Final = timedelta(days=30)
"""What is younger is kept, whatever is asked for: answers to acts are read back from the log, and somebody who has got
hold of the owner's role for a moment should not be able to remove what they have just done by this command."""

PORTION: Final = 5_000


async def prune(database: Database, actor: str, before: datetime) -> int:
    """Delete the entries of before this time, a portion at a time, and return how many. Each portion is recorded in its
    transaction, so that nothing is missing that no entry accounts for."""
    end = AuditFilter(until=before).end

    async def delete_some(db: AsyncSession) -> int:
        deleted = await delete_portion(db, AuditEntry, AuditEntry.id < end, order_by=[AuditEntry.id], limit=PORTION)
        if deleted:
            repository.record(db, actor, "audit.pruned", "audit", before=before.isoformat(), entries=deleted)
        return deleted

    return await delete_in_portions(database, delete_some, PORTION)
