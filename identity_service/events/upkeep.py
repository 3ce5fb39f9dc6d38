"""What must be done to streams from time to time, and what is measured of them then."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, extract, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute

from identity_service.events import repository
from identity_service.events.models import IS_LIVE, LAPSE_GRACE, DroppedEvent, RecentEvent, Stream, StreamEvent
from identity_service.events.replay import RETENTION, Replay
from watchword.database.database import Database
from watchword.database.portions import delete_in_portions, delete_portion
from watchword.tasks import repeat

logger = logging.getLogger("identity.events")

PAUSE_SECONDS: Final = 5.0

MAX_LAPSED: Final = 64
"""How many lapsed streams of a client are kept. Every act looks at each of them, so a service that restarts again and
again must not make the acts of all users slow."""

_LAPSED_FOR: Final = max(repository.LONGEST_WAIT, LAPSE_GRACE)


class Upkeep:
    """Runs in every process; what several do at once is done once."""

    def __init__(self, database: Database, replay: Replay) -> None:
        self._database = database
        self._replay = replay
        self._oldest_ages: dict[str, float] = {}

    def oldest_ages(self) -> Mapping[str, float]:
        """For each client, how many seconds its oldest unacknowledged event has waited; 0 if it has none."""
        return self._oldest_ages

    async def run(self) -> None:
        """Work until the task is cancelled. The first time comes after a pause, since a process that starts has more
        urgent work."""
        await asyncio.sleep(PAUSE_SECONDS)
        await repeat(self.work, lambda: PAUSE_SECONDS, logger, name="the upkeep of streams")

    async def work(self) -> None:
        """Measure, finish the replays that a process has left unfinished, and delete what is over."""
        async with self._database.begin() as db:
            await self._measure(db)
            unfinished = (await db.scalars(select(Stream.id).where(Stream.deletions_before.is_not(None)))).all()
            lapsed = (await db.scalars(select(Stream.id).where(Stream.lapses_at < _ago(_LAPSED_FOR)))).all()
        for stream_id in unfinished:
            await self._replay.add_deletions(stream_id)
        for stream_id in lapsed:
            await self._delete_portions(StreamEvent, StreamEvent.id, StreamEvent.stream_id == stream_id)
        await self._delete_portions(RecentEvent, RecentEvent.created_at, RecentEvent.created_at < _ago(RETENTION))
        await self._delete_portions(
            DroppedEvent, DroppedEvent.jti, DroppedEvent.dropped_at < _ago(repository.LONGEST_WAIT)
        )
        async with self._database.begin() as db:
            await self._delete_lapsed(db)

    async def _measure(self, db: AsyncSession) -> None:
        oldest = select(StreamEvent.created_at).where(StreamEvent.stream_id == Stream.id).order_by(StreamEvent.id)
        age = func.coalesce(extract("epoch", func.clock_timestamp() - oldest.limit(1).scalar_subquery()), 0)
        ages = select(Stream.client_id, func.max(age)).where(IS_LIVE).group_by(Stream.client_id)
        # A client whose stream is gone has nothing that waits.
        self._oldest_ages = dict.fromkeys(self._oldest_ages, 0.0)
        self._oldest_ages.update({client_id: float(seconds) for client_id, seconds in await db.execute(ages)})

    async def _delete_lapsed(self, db: AsyncSession) -> None:
        """Delete the streams whose processes accept no token any more that was revoked after the stream lapsed. Until
        then, an act that is waited for names the service as outstanding."""
        latest_first = func.row_number().over(partition_by=Stream.client_id, order_by=Stream.lapses_at.desc())
        lapsed = select(Stream.id, Stream.lapses_at, latest_first.label("place"))
        old = lapsed.where(Stream.lapses_at < _ago(_LAPSED_FOR)).subquery()
        is_over = or_(old.c.place > MAX_LAPSED, old.c.lapses_at < _ago(RETENTION))
        over = select(Stream.id).where(Stream.id.in_(select(old.c.id).where(is_over)))
        # Those that an act looks at are left for later: the two could wait for each other.
        await db.execute(delete(Stream).where(Stream.id.in_(over.with_for_update(skip_locked=True))))

    async def _delete_portions(
        self, table: type[DeclarativeBase], order: InstrumentedAttribute[Any], condition: ColumnElement[bool]
    ) -> None:
        await delete_in_portions(self._database, lambda db: delete_portion(db, table, condition, order_by=[order]))


def _ago(time: timedelta) -> ColumnElement[Any]:
    return func.clock_timestamp() - time
