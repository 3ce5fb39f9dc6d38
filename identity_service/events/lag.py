"""The SQL that reads streams with what waits in them, as administrators see them."""

from typing import Final
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Integer, Uuid, bindparam, extract, func, select

from identity_service.events.models import Stream, StreamEvent
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

MAX_COUNTED: Final = 1_000
"""How many events of a stream are counted at most, so that a stream that nobody polls makes no page slow."""

_waiting: Final = select(StreamEvent.id).where(StreamEvent.stream_id == Stream.id).limit(MAX_COUNTED).correlate(Stream)
_oldest: Final = (
    select(StreamEvent.created_at)
    .where(StreamEvent.stream_id == Stream.id)
    .order_by(StreamEvent.id)
    .limit(1)
    .correlate(Stream)
    .scalar_subquery()
)
_COLUMNS: Final = [
    column for column in Stream.__table__.c if column.name not in ("sealed_push_authorization", "push_url")
]
_STREAMS: Final = select(
    *_COLUMNS,
    select(func.count()).select_from(_waiting.subquery()).scalar_subquery().label("events_waiting"),
    extract("epoch", func.clock_timestamp() - _oldest).label("oldest_seconds"),
)
_ID: Final = bindparam("stream_id", type_=Uuid())

STREAM: Final = Statement(_STREAMS.where(Stream.id == _ID))
PAGE: Final = Statement(_STREAMS.where(Stream.id > _ID).order_by(Stream.id).limit(bindparam("limit", type_=Integer())))


async def find(reads: ReadPool, stream_id: UUID) -> Record | None:
    return await reads.fetch_row(STREAM, stream_id=stream_id)


async def list_page(reads: ReadPool, after_id: UUID, limit: int) -> list[Record]:
    """At most so many streams, in the order in which they were made, after the one with this id."""
    return await reads.fetch_rows(PAGE, stream_id=after_id, limit=limit)
