"""The table of audit entries: the app role may write and read it, and never change it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit.models import AuditEntry


def record(db: AsyncSession, actor: str, action: str, subject: object, **detail: Any) -> None:
    """Write down what was done, in the transaction that does it. `action` is like `session.ended`."""
    db.add(AuditEntry(actor=actor, action=action, subject=str(subject), detail=detail))
