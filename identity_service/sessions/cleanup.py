"""Sessions and refresh tokens that nobody can use any more are kept for a while, and then no longer."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func

from identity_service.sessions.models import RefreshToken, Session
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.errors import Unavailable

logger = logging.getLogger("identity.housekeeping")

KEEP: Final = timedelta(days=30)
PAUSE_SECONDS: Final = 3_600.0


async def forget(database: Database, now: datetime) -> None:
    """Delete what ended or expired longer ago than it is kept. An expired refresh token is refused by its own time."""
    async with database.begin() as db:
        await db.execute(delete(Session).where(func.coalesce(Session.ended_at, Session.expires_at) < now - KEEP))
        await db.execute(delete(RefreshToken).where(RefreshToken.expires_at < now - KEEP))


async def delete_expired_forever(database: Database, clock: Clock) -> None:
    """For as long as the process lives. Several at once do no harm."""
    while True:
        await asyncio.sleep(PAUSE_SECONDS)
        try:
            await forget(database, clock.now())
        except Unavailable as error:
            logger.warning("not tidied", extra={"reason": error.reason})
