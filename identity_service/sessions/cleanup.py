"""Cleanup: sessions and refresh tokens are deleted thirty days after they ended or expired."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from identity_service.sessions import repository
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.tasks import repeat

logger = logging.getLogger("identity.cleanup")

RETENTION: Final = timedelta(days=30)
PAUSE_SECONDS: Final = 3_600.0


async def delete_expired(database: Database, now: datetime) -> None:
    """Delete what ended or expired longer ago than RETENTION. Safe to run in several processes at once."""
    async with database.begin() as db:
        await repository.delete_ended(db, now - RETENTION)


async def delete_expired_forever(database: Database, clock: Clock) -> None:
    """Call `delete_expired` every hour, for the first time an hour after the start."""

    async def work() -> None:
        await delete_expired(database, clock.now())

    await asyncio.sleep(PAUSE_SECONDS)
    await repeat(work, lambda: PAUSE_SECONDS, logger)
