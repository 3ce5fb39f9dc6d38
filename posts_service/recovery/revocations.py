"""Forgetting revocations that count from a higher number than identity does since it was restored."""

from typing import Final

from sqlalchemy import delete, func, select

from posts_service.tables import RECEIVER
from watchword.auth.revocations import LEVEL_OF, Kind
from watchword.database.database import Database
from watchword.errors import Conflict

COUNTED: Final = (Kind.CLAIMS, Kind.VERSION, Kind.SIGNED_OUT, Kind.DISABLED, Kind.ROLE, *LEVEL_OF)
"""The kinds that compare a version, also those that make tokens count for less. A session, a key and a deleted account
are refused by name, and stay so."""


class ServiceRuns(Conflict):
    """A process keeps what it has read of the revocations in its memory."""

    code = "service_runs"
    detail = "A process of posts runs. Stop all of them first, and wait for three seconds."


class Revocations:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self) -> int:
        """Delete the revocations that compare a version. Tokens that they refuse must be refused otherwise: withdraw
        identity's signing keys. Returns how many were deleted. Raises ServiceRuns."""
        leases, revocations = RECEIVER.process_leases, RECEIVER.revocations
        async with self._database.begin() as db:
            if await db.scalar(select(leases.c.process).where(leases.c.valid_until > func.now()).limit(1)) is not None:
                raise ServiceRuns
            deleted = await db.scalars(
                delete(revocations).where(revocations.c.kind.in_(COUNTED)).returning(revocations.c.key)
            )
            return len(deleted.all())
