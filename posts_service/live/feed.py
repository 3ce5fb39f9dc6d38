"""The feed of changed posts: one looker per process while anybody listens, and a queue for each listener."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from posts_service.live import event_stream, repository
from posts_service.live.listener import Listener
from posts_service.live.news import OVERLAP, News
from posts_service.live.repository import Change
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.tasks import cancel_and_wait, repeat

logger = logging.getLogger("watchword.feed")

LOOKER: Final = "looking for changed posts"
LOOK_SECONDS: Final = 0.25
FAILED_LOOK_SECONDS: Final = 2.0
HEARTBEAT_SECONDS: Final = 15.0

# After more changes, or after a longer time, listeners read the list of posts anew.
MAX_CHANGES: Final = 500
MAX_AWAY: Final = timedelta(hours=1)


class Feed:
    """Tells listeners which posts are published, changed or unpublished; of deleted ones they are not told.

    What is committed while they listen they are told at least once.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        max_changes: int = MAX_CHANGES,
        overlap: timedelta = OVERLAP,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._max_changes = max_changes
        self._overlap = overlap
        self._heartbeat_seconds = heartbeat_seconds
        self._listeners: set[Listener] = set()
        self._entering = asyncio.Lock()
        self._looker: asyncio.Task[None] | None = None
        self._news = News(clock.now(), overlap)
        self._pause_seconds = LOOK_SECONDS
        self._next_heartbeat = 0.0
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._listeners)

    @asynccontextmanager
    async def listen(self, last_event_id: str | None = None) -> AsyncIterator[Listener]:
        """A listener, who is first told what has changed since the event of this id. Raises DatabaseUnavailable."""
        listener = Listener()
        try:
            await self._enter(listener, last_event_id)
            yield listener
        finally:
            self._listeners.discard(listener)
            await self._rest_if_unheard()

    def close(self) -> None:
        """End every stream, and each that begins from now on."""
        self._is_closed = True
        for listener in self._listeners:
            listener.end()

    async def _enter(self, listener: Listener, last_event_id: str | None) -> None:
        async with self._entering:
            if self._looker is None:
                self._news = News(self._clock.now(), self._overlap)
                # What is there already is no news.
                await self._look()
                looking = repeat(self._look, lambda: self._pause_seconds, logger, name=LOOKER)
                self._looker = asyncio.create_task(looking, name=LOOKER)
            position = self._clock.now()
            self._listeners.add(listener)
        listener.put(await self._missed(last_event_id, position))
        if self._is_closed:
            listener.end()

    async def _rest_if_unheard(self) -> None:
        looker = self._looker
        if looker is not None and not self._listeners:
            self._looker = None
            await cancel_and_wait([looker])

    async def _missed(self, last_event_id: str | None, position: datetime) -> bytes:
        """What a listener must be told before everything else."""
        if last_event_id is None:
            return event_stream.heartbeat(position)
        last = event_stream.position_of(last_event_id)
        if last is None or position - last > MAX_AWAY:
            return event_stream.reset(position)
        return await self._parts_of(await self._changes_since(last - self._overlap), position)

    async def _look(self) -> None:
        position = self._clock.now()
        # Unless this look comes to its end.
        self._pause_seconds = FAILED_LOOK_SECONDS
        changes = await self._changes_since(self._news.since)
        if len(changes) > self._max_changes:
            self._news.skip(position)
            self._tell(event_stream.reset(position))
        else:
            new = self._news.new_among(changes)
            if new:
                self._tell(await self._parts_of(new, position))
            # Not before they are told, which can fail.
            self._news.note(new, position)
            if self._news.has_settled(position):
                # The list that they read after the last one lacked what was being committed.
                self._tell(event_stream.reset(position))
        self._beat(position)
        self._pause_seconds = LOOK_SECONDS

    def _beat(self, position: datetime) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + self._heartbeat_seconds
            self._tell(event_stream.heartbeat(position))

    def _tell(self, part: bytes) -> None:
        for listener in self._listeners:
            listener.put(part)

    async def _changes_since(self, since: datetime) -> list[Change]:
        return await repository.list_changes(self._database.reads, since, self._max_changes + 1)

    async def _parts_of(self, changes: Sequence[Change], position: datetime) -> bytes:
        if len(changes) > self._max_changes:
            return event_stream.reset(position)
        views = await repository.list_views(self._database.reads, [change.post_id for change in changes])
        return event_stream.news(views, position)
