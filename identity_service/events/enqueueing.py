"""Putting an event into the streams that request it, in the transaction of the change that causes it."""

from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import CTE, and_, any_, case, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events.locking import block_stream_changes
from identity_service.events.models import IS_LIVE, STORES_EVENTS, RecentEvent, Stream, StreamEvent, StreamStatus
from identity_service.events.topics import events_in, notify


class QueuedEvent(NamedTuple):
    """An event of an act for one stream. `jti` is None if nobody is expected to acknowledge it, because the stream that
    requests it is disabled or has lapsed. `is_durable` is false for the stream of a single process."""

    client_id: str
    stream_id: UUID
    jti: UUID | None
    is_durable: bool


Enqueued: TypeAlias = tuple[QueuedEvent, ...]
"""What an act has put into streams. That of several acts is their sum."""

NOTHING: Final[Enqueued] = ()


async def notify_enqueued(db: AsyncSession, enqueued: Enqueued) -> None:
    """Wake the polls and the pushers of the streams that have got these events."""
    await notify(db, (events_in(event.stream_id) for event in enqueued if event.jti is not None))


async def enqueue(db: AsyncSession, kind: str, claims: dict[str, Any]) -> Enqueued:
    """Put one event into every stream that requests its type, and keep it for streams that begin later."""
    await block_stream_changes(db)
    recent = insert(RecentEvent).values(type=kind, claims=claims).returning(RecentEvent.id).cte("recent")
    streams = _streams_requesting(kind)
    inserted = _insert_into(streams, kind, claims)
    queued = (
        select(streams.c.client_id, streams.c.id, case((streams.c.is_live, inserted.c.jti)), streams.c.is_durable)
        .select_from(streams.outerjoin(inserted, inserted.c.stream_id == streams.c.id))
        .add_cte(recent)
    )
    return tuple(QueuedEvent(*row) for row in await db.execute(queued))


async def enqueue_without_replay(db: AsyncSession, requested: str, kind: str, claims: dict[str, Any]) -> Enqueued:
    """Put one event into every stream that requests the type `requested`; it is never replayed."""
    inserted = _insert_into(_streams_requesting(requested), kind, claims)
    rows = await db.execute(
        select(Stream.client_id, Stream.id, inserted.c.jti, Stream.inactivity_timeout.is_(None)).join(
            inserted, inserted.c.stream_id == Stream.id
        )
    )
    return tuple(QueuedEvent(*row) for row in rows)


async def enqueue_in(db: AsyncSession, stream_id: UUID, kind: str, claims: dict[str, Any]) -> None:
    """Put an event into one stream alone, and notify."""
    db.add(StreamEvent(stream_id=stream_id, type=kind, claims=claims))
    await notify(db, [events_in(stream_id)])


def _streams_requesting(kind: str) -> CTE:
    """The streams that request this type, whether they store it, and whether they have not lapsed."""
    stores = and_(Stream.status != StreamStatus.DISABLED, STORES_EVENTS)
    is_durable = Stream.inactivity_timeout.is_(None)
    return (
        select(
            Stream.id,
            Stream.client_id,
            stores.label("stores"),
            IS_LIVE.label("is_live"),
            is_durable.label("is_durable"),
        )
        .where(literal(kind) == any_(Stream.events_requested))
        # The rows are locked: a stream that is deleted or disabled meanwhile neither refuses the event nor stores it.
        .with_for_update(read=True, key_share=True)
        .cte("streams_requesting")
    )


def _insert_into(streams: CTE, kind: str, claims: dict[str, Any]) -> CTE:
    events = select(streams.c.id, literal(kind), literal(claims, JSONB)).where(streams.c.stores)
    return (
        insert(StreamEvent)
        .from_select(["stream_id", "type", "claims"], events)
        .returning(StreamEvent.jti, StreamEvent.stream_id)
        .cte("inserted")
    )
