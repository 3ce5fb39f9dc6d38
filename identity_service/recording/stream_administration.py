"""Streams as administrators see and stop them."""

from collections.abc import Callable
from uuid import UUID

from asyncpg import Record
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.errors import NoSuchStream
from identity_service.events import lag
from identity_service.events.errors import StreamNotFound
from identity_service.events.models import Stream, StreamStatus
from identity_service.events.streams import Streams
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from watchword.database.database import Database
from watchword.http.keyset import cursor_of, id_in
from watchword.http.paging import Page

_LIST = "streams"
_FIRST = UUID(int=0)

Expectation = Callable[[Stream], None]
"""Raises an error if the stream, whose row is locked, is not as the caller expects it."""


class StreamAdministration:
    """The streams of all receivers."""

    def __init__(self, database: Database, streams: Streams) -> None:
        self._reads = database.reads
        self._streams = streams

    async def list(self, cursor: str | None, limit: int) -> Page[Record]:
        """Every stream, the oldest first. Raises InvalidCursor."""
        after_id = _FIRST if cursor is None else id_in(_LIST, cursor)
        rows = await lag.list_page(self._reads, after_id, limit + 1)
        return Page.of(rows, limit, lambda row: cursor_of(_LIST, row["id"].bytes))

    async def get(self, stream_id: UUID) -> Record:
        """Raises NoSuchStream."""
        row = await lag.find(self._reads, stream_id)
        if row is None:
            raise NoSuchStream
        return row

    async def set_status(
        self, stream_id: UUID, status: StreamStatus, reason: str | None, cause: Cause, *, expect: Expectation
    ) -> Record:
        """Enable, pause or disable a stream, and record it; nothing happens if it is so already. Raises NoSuchStream,
        also for one that has lapsed, and what `expect` raises."""

        def note(db: AsyncSession, stream: Stream) -> None:
            expect(stream)
            before = {"status": stream.status, "reason": stream.status_reason}
            after = {"status": status, "reason": reason}
            if before != after:
                record_act(db, cause, "stream.status_changed", stream_id, before=before, after=after)

        try:
            await self._streams.set_status_of(stream_id, status, reason, note)
        except StreamNotFound:
            raise NoSuchStream from None
        return await self.get(stream_id)
