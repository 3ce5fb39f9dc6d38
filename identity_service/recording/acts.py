"""The audit rows of acts of administrators that no receiver needs to know of."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.audit import repository as audit
from identity_service.recording.cause import Cause

Members = Mapping[str, Any]
"""What an act has changed, as JSON: no secret, and no name or address of a person, since the audit outlives them."""


def record_act(
    db: AsyncSession, cause: Cause, action: str, subject: object, *, before: Members | None, after: Members | None
) -> None:
    """Record an act, with what was there before it and after it: None for what did not exist, or does not any more."""
    audit.record(db, cause.actor, action, subject, before=before, after=after, why=cause.why)
