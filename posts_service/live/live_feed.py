"""The feed of changed posts: one task per process reads the changes while anybody listens, and each listener
has a queue.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from posts_service.live import event_stream, repository
from posts_service.live.known_changes import OVERLAP, KnownChanges
from posts_service.live.listener import Listener
from posts_service.live.repository import Change
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.tasks import cancel_and_wait, repeat

logger = logging.getLogger("watchword.live")

WATCHER: Final = "looking for changed posts"
LOOK_SECONDS: Final = 0.25
FAILED_LOOK_SECONDS: Final = 2.0
HEARTBEAT_SECONDS: Final = 15.0

# After more changes, or after a longer time, listeners read the list of posts anew.
MAX_CHANGES: Final = 500
MAX_GAP: Final = timedelta(hours=1)


class LiveFeed:
    """Sends listeners which posts are published, changed, liked, commented on or unpublished, and nothing about deleted
    posts.

    What is committed while they listen is sent at least once.
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
        self._watcher: asyncio.Task[None] | None = None
        self._known_changes = KnownChanges(clock.now(), overlap)
        self._pause_seconds = LOOK_SECONDS
        self._next_heartbeat = 0.0
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._listeners)

    @asynccontextmanager
    async def listen(self, last_event_id: str | None = None) -> AsyncIterator[Listener]:
        """A listener, who first gets what has changed since the event of this id. Raises DatabaseUnavailable."""
        listener = Listener()
        try:
            await self._enter(listener, last_event_id)
            yield listener
        finally:
            self._listeners.discard(listener)
            await self._stop_if_nobody_listens()

    def close(self) -> None:
        """End every stream, and each that begins from now on."""
        self._is_closed = True
        for listener in self._listeners:
            listener.end()

    async def _enter(self, listener: Listener, last_event_id: str | None) -> None:
        async with self._entering:
            if self._watcher is None:
                self._known_changes = KnownChanges(self._clock.now(), self._overlap)
                # What is there already is not new.
                await self._look()
                looking = repeat(self._look, lambda: self._pause_seconds, logger, name=WATCHER)
                self._watcher = asyncio.create_task(looking, name=WATCHER)
            position = self._clock.now()
            self._listeners.add(listener)
        listener.put(await self._missed(last_event_id, position))
        if self._is_closed:
            listener.end()

    async def _stop_if_nobody_listens(self) -> None:
        watcher = self._watcher
        if watcher is not None and not self._listeners:
            self._watcher = None
            await cancel_and_wait([watcher])

    async def _missed(self, last_event_id: str | None, position: datetime) -> bytes:
        """What a listener must get before everything else."""
        if last_event_id is None:
            return event_stream.heartbeat(position)
        last = event_stream.position_of(last_event_id)
        if last is None or position - last > MAX_GAP:
            return event_stream.reset(position)
        return await self._parts_of(await self._changes_since(last - self._overlap), position)

    async def _look(self) -> None:
        position = self._clock.now()
        # Unless this look comes to its end.
        self._pause_seconds = FAILED_LOOK_SECONDS
        changes = await self._changes_since(self._known_changes.since)
        if len(changes) > self._max_changes:
            self._known_changes.skip(position)
            self._send(event_stream.reset(position))
        else:
            new = self._known_changes.new_among(changes)
            if new:
                self._send(await self._parts_of(new, position))
            # Not before they are sent, which can fail.
            self._known_changes.note(new, position)
            if self._known_changes.has_settled(position):
                # The list that they read after the last one lacked what was being committed.
                self._send(event_stream.reset(position))
        self._send_heartbeat(position)
        self._pause_seconds = LOOK_SECONDS

    def _send_heartbeat(self, position: datetime) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + self._heartbeat_seconds
            self._send(event_stream.heartbeat(position))

    def _send(self, part: bytes) -> None:
        for listener in self._listeners:
            listener.put(part)

    async def _changes_since(self, since: datetime) -> list[Change]:
        return await repository.list_changes(self._database.reads, since, self._max_changes + 1)

    async def _parts_of(self, changes: Sequence[Change], position: datetime) -> bytes:
        if len(changes) > self._max_changes:
            return event_stream.reset(position)
        views = await repository.list_views(self._database.reads, [change.post_id for change in changes])
        return event_stream.post_events(views, position)
