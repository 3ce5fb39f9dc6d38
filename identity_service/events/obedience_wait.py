"""Waiting until the receivers of an act have acknowledged its events.

A receiver acknowledges an event when none of its processes accepts a token any more that the event revokes.
"""

import asyncio
import logging
import time
from collections.abc import Collection
from typing import Final, NamedTuple
from uuid import UUID

from identity_service.events.enqueueing import Enqueued
from identity_service.events.repository import UNACKNOWLEDGED
from identity_service.events.schemas import ObedienceRead, ObedientService
from identity_service.events.topics import Topics, acknowledgements_in
from watchword.database.database import Database
from watchword.errors import Unavailable
from watchword.tasks import wait_for

logger = logging.getLogger("identity.events")

LOOK_AGAIN_SECONDS: Final = 1.0
"""How long a notification that was lost can delay the answer."""


class ObedienceWait:
    """Waits on any replica, whichever one the acknowledgements reach."""

    def __init__(self, database: Database, topics: Topics) -> None:
        self._topics = topics
        self._looks = _Looks(database)

    async def wait(self, enqueued: Enqueued, seconds: float) -> ObedienceRead:
        """Wait for so many seconds at most, from the commit of the act, until all its events are acknowledged."""
        began = time.monotonic()
        acknowledgements = _Acknowledgements(enqueued)
        while topics := acknowledgements.topics():
            with self._topics.subscribe(*topics) as wakeup:
                await self._look(acknowledgements, began)
                left = began + seconds - time.monotonic()
                if self._topics.is_closed or left <= 0:
                    break
                # Who has acknowledged everything must not wake this wait again.
                if acknowledgements.topics() == topics:
                    await wait_for(wakeup, min(left, LOOK_AGAIN_SECONDS))
        return acknowledgements.obedience()

    async def _look(self, acknowledgements: "_Acknowledgements", began: float) -> None:
        try:
            seen = await self._looks.next(acknowledgements.missing)
        except Unavailable as error:
            # The act is committed, so its answer must not say that it failed.
            logger.warning("cannot see who obeys: %s", error, extra={"reason": error.reason})
            return
        acknowledgements.note(seen, int((time.monotonic() - began) * 1_000))


class _Seen(NamedTuple):
    """What a look has shown: the events that wait for their acknowledgement, and those that will never get one."""

    waiting: frozenset[UUID]
    dropped: frozenset[UUID]


class _Looks:
    """Looks into the table, one at a time. All who ask while one is under way share the next, so that however many
    wait, they leave the connections to others."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._jtis: set[UUID] = set()
        self._next: asyncio.Task[_Seen] | None = None

    async def next(self, jtis: Collection[UUID]) -> _Seen:
        """What a look shows that begins from now on, of these events and of others. Raises DatabaseUnavailable."""
        self._jtis.update(jtis)
        if self._next is None:
            self._next = asyncio.create_task(self._look())
            self._next.add_done_callback(_retrieve)
        # Shielded: one caller that is cancelled must not cancel the look that others wait for.
        return await asyncio.shield(self._next)

    async def _look(self) -> _Seen:
        async with self._lock:
            jtis, self._jtis, self._next = self._jtis, set(), None
            rows = await self._database.reads.fetch_rows(UNACKNOWLEDGED, jtis=list(jtis))
        dropped = frozenset(row["jti"] for row in rows if row["is_dropped"])
        return _Seen(frozenset(row["jti"] for row in rows) - dropped, dropped)


def _retrieve(look: "asyncio.Task[_Seen]") -> None:
    """Retrieve the error of a look, so that asyncio does not log it when all callers have given up."""
    if not look.cancelled():
        look.exception()


class _Acknowledgements:
    """What is known of the events of one act."""

    def __init__(self, enqueued: Enqueued) -> None:
        self._events = {event.jti: event for event in enqueued if event.jti is not None}
        self._failed = {event.client_id for event in enqueued if event.jti is None}
        self._acknowledged_after: dict[str, int] = {}
        self.missing = set(self._events)

    def topics(self) -> set[str]:
        """The topics of the acknowledgements that are missing."""
        return {acknowledgements_in(self._events[jti].stream_id) for jti in self.missing}

    def note(self, seen: _Seen, after_ms: int) -> None:
        """Take what a look has shown, so many milliseconds after the act."""
        self._failed |= {self._events[jti].client_id for jti in self.missing & seen.dropped}
        for jti in self.missing.difference(seen.waiting, seen.dropped):
            self._acknowledged_after[self._events[jti].client_id] = after_ms
        self.missing &= seen.waiting

    def obedience(self) -> ObedienceRead:
        outstanding = self._failed | {self._events[jti].client_id for jti in self.missing}
        obeyed = {client: after for client, after in self._acknowledged_after.items() if client not in outstanding}
        return ObedienceRead([ObedientService(*item) for item in sorted(obeyed.items())], sorted(outstanding))
