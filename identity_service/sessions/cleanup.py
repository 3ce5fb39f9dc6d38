"""Cleanup: sessions and refresh tokens are deleted thirty days after they ended or expired."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from identity_service.sessions import repository
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.portions import delete_in_portions
from watchword.tasks import repeat

logger = logging.getLogger("identity.cleanup")

RETENTION: Final = timedelta(days=30)
FIRST_PAUSE_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 3_600.0
SESSIONS_AT_ONCE: Final = 1_000


class Deleted(NamedTuple):
    """How many rows were deleted."""

    sessions: int
    refresh_tokens: int


async def delete_expired(database: Database, now: datetime) -> Deleted:
    """Delete what ended or expired longer ago than RETENTION. Safe to run in several processes at once."""
    before = now - RETENTION
    tokens = await delete_in_portions(database, lambda db: repository.delete_expired_tokens(db, before))
    sessions = 0
    while True:
        async with database.begin() as db:
            ids = await repository.ids_over(db, before, SESSIONS_AT_ONCE)
        deleted = await _delete(database, ids)
        sessions, tokens = sessions + deleted.sessions, tokens + deleted.refresh_tokens
        # None was deleted if another process is deleting the same ones.
        if len(ids) < SESSIONS_AT_ONCE or not deleted.sessions:
            return Deleted(sessions, tokens)


async def delete_unusable_of(database: Database, user_id: UUID, now: datetime) -> None:
    """Delete the refresh tokens of this user that cannot be traded in, and the sessions that have no other.

    What is left is little, and is deleted with the user's account in one transaction. If that fails, the sessions go
    on; only the replay of a token that was deleted is refused without ending its session.
    """
    after = UUID(int=0)
    while True:
        async with database.begin() as db:
            ids = await repository.ids_of_user(db, user_id, after, SESSIONS_AT_ONCE)
        if not ids:
            return
        await _delete(database, ids, now)
        after = ids[-1]


async def delete_expired_forever(database: Database, clock: Clock) -> None:
    """Call `delete_expired` every hour, for the first time a minute after the start, and log what it deleted."""

    async def work() -> None:
        began = time.monotonic()
        deleted = await delete_expired(database, clock.now())
        if any(deleted):
            took = round(time.monotonic() - began, 1)
            text = "deleted what expired long ago: %d sessions, %d refresh tokens, in %s seconds"
            logger.info(text, *deleted, took, extra={**deleted._asdict(), "seconds": took})

    await asyncio.sleep(FIRST_PAUSE_SECONDS)
    await repeat(work, lambda: PAUSE_SECONDS, logger)


async def _delete(database: Database, session_ids: Sequence[UUID], before: datetime | None = None) -> Deleted:
    """Delete the refresh tokens of these sessions, all or those unusable before, and the sessions without any."""
    tokens = await delete_in_portions(database, lambda db: repository.delete_tokens_of(db, session_ids, before))
    async with database.begin() as db:
        return Deleted(await repository.delete_without_tokens(db, session_ids), tokens)
