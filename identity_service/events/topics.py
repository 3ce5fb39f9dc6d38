"""Waking those who wait for the events of one stream, or for their acknowledgement, and nobody else.

A notification only says where to look. Who waits also looks when the time is over, so that a notification that is
lost costs a delay, and one that is forged costs a look.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service import channel

EVERY_EVENT: Final = "events"
"""The topic of new events in any stream."""

MAX_TOPICS: Final = 150
"""PostgreSQL takes payloads of less than 8,000 bytes."""

_ACKNOWLEDGED: Final = "ack:"


def events_in(stream_id: UUID) -> str:
    """The topic of new events in this stream, and of every change to the stream itself."""
    return str(stream_id)


def acknowledgements_in(stream_id: UUID) -> str:
    return f"{_ACKNOWLEDGED}{stream_id}"


async def notify(db: AsyncSession, topics: Iterable[str]) -> None:
    """Wake those who wait for these topics, in every process, once this transaction has committed."""
    names = sorted(set(topics))
    if names:
        await channel.notify(db, ",".join(names) if len(names) <= MAX_TOPICS else "")


class Topics:
    """Those who wait in one process, by topic. `publish` takes the payload of a notification."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self.is_closed = False

    @contextmanager
    def subscribe(self, *topics: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever one of the topics is published. Clear it before you look."""
        wakeup = asyncio.Event()
        if self.is_closed:
            wakeup.set()
        for topic in topics:
            self._waiting.setdefault(topic, set()).add(wakeup)
        try:
            yield wakeup
        finally:
            for topic in set(topics):
                self._waiting[topic].discard(wakeup)
                if not self._waiting[topic]:
                    del self._waiting[topic]

    def publish(self, payload: str = "") -> None:
        """Wake those who wait for the topics in the payload; without any, everybody."""
        topics = payload.split(",") if payload else list(self._waiting)
        if any(not topic.startswith(_ACKNOWLEDGED) for topic in topics):
            topics.append(EVERY_EVENT)
        for topic in topics:
            self.wake(topic)

    def wake(self, topic: str) -> None:
        """Wake those who wait for this topic in this process."""
        for wakeup in self._waiting.get(topic, ()):
            wakeup.set()

    def waiting_for(self, topic: str) -> int:
        """How many wait for this topic."""
        return len(self._waiting.get(topic, ()))

    def close(self) -> None:
        """Wake everybody, and let nobody wait again."""
        self.is_closed = True
        self.publish()
