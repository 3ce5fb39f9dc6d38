"""The channel on which the processes of this service notify each other. A notification only says where to look."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

CHANNEL: Final = "identity_events"

KEYS: Final = "keys"
"""The payload that says that the signing keys have changed."""

JOBS: Final = "jobs"
"""The payload that says that a job has been enqueued."""


async def notify(db: AsyncSession, payload: str = "") -> None:
    """Wake every process that listens once this transaction has committed; without a payload, for security events."""
    await db.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": payload})
