"""The SQL of the audit log. The app role may insert and read entries, and never change one."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit.models import AuditEntry


def record(db: AsyncSession, actor: str, action: str, subject: object, **detail: Any) -> None:
    """Insert an entry, in the transaction of the change that it describes."""
    db.add(AuditEntry(actor=actor, action=action, subject=str(subject), detail=detail))
