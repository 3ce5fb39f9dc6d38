"""The canary: an event that revokes nothing, by which every receiver measures how quickly it obeys."""

import asyncio
import logging
from datetime import timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events.claims import event_claims
from identity_service.events.enqueueing import enqueue_without_replay, notify_enqueued
from identity_service.events.locking import limit_idle_time
from identity_service.events.models import SUBJECT, CanaryTurn, StreamEvent
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.events import types
from watchword.tasks import repeat

logger = logging.getLogger("identity.events")

INTERVAL: Final = timedelta(seconds=30)
LOOK_SECONDS: Final = 5.0
"""How often each process looks whether a canary is due."""

CANARY_SUBJECT: Final = "c0a1f1a7-0000-4000-8000-000000000000"
"""The user whose sessions end: there is none with this id."""

_ROW_ID: Final = 1


class Canary:
    """Runs in every process; one of them, at each interval, puts a canary into the streams that ask for it."""

    def __init__(self, database: Database, issuer: str, clock: Clock) -> None:
        self._database = database
        self._issuer = issuer
        self._clock = clock

    async def run(self) -> None:
        """Send canaries until the task is cancelled, the first one an interval after the first look. That comes after a
        pause, since a process that starts has more urgent work."""
        await asyncio.sleep(LOOK_SECONDS)
        await repeat(self.send_if_due, lambda: LOOK_SECONDS, logger, name="sending canaries")

    async def send_if_due(self) -> bool:
        """Whether it was this process's turn."""
        async with self._database.begin() as db:
            await limit_idle_time(db)
            if not await _take_turn(db, func.clock_timestamp() - INTERVAL):
                return False
            # A stream that nobody reads keeps one canary, not one for each interval.
            await db.execute(delete(StreamEvent).where(SUBJECT.in_([CANARY_SUBJECT])))
            now = self._clock.now()
            event = types.session_revoked(
                self._issuer, CANARY_SUBJECT, f"canary-{uuid4()}", at=now, initiator="system", reason="canary"
            )
            claims = event_claims(event, uuid4(), now)
            await notify_enqueued(
                db, await enqueue_without_replay(db, types.canary_type(self._issuer), event.type, claims)
            )
        return True


async def _take_turn(db: AsyncSession, before: ColumnElement[object]) -> bool:
    """Whether the last canary is older than this; if so, no other process gets the turn."""
    taken = (
        update(CanaryTurn)
        .where(CanaryTurn.id == _ROW_ID, CanaryTurn.sent_at <= before)
        .values(sent_at=func.clock_timestamp())
        .returning(CanaryTurn.id)
    )
    if await db.scalar(taken) is not None:
        return True
    # The first interval of a new installation begins.
    await db.execute(insert(CanaryTurn).values(id=_ROW_ID).on_conflict_do_nothing())
    return False
