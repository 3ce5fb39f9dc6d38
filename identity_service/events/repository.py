"""The SQL of streams and their events."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import any_, delete, insert, literal, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events.models import Delivery, Stream, StreamEvent, StreamStatus
from identity_service.users import deletions

CHANNEL = "identity_events"


async def enqueue(db: AsyncSession, kind: str, claims: dict[str, Any]) -> Sequence[tuple[UUID, str]]:
    """Put one event into every stream that requested its type and is not disabled.

    Returns the `jti` and the client of each.
    """
    # The rows are locked: a stream that is deleted or disabled meanwhile neither refuses the event nor stores it.
    streams = (
        select(Stream.id, literal(kind), literal(claims, JSONB))
        .where(Stream.status != StreamStatus.DISABLED, literal(kind) == any_(Stream.events_requested))
        .with_for_update(read=True, key_share=True)
    )
    inserted = (
        insert(StreamEvent)
        .from_select(["stream_id", "type", "claims"], streams)
        .returning(StreamEvent.jti, StreamEvent.stream_id)
        .cte()
    )
    receivers = select(inserted.c.jti, Stream.client_id).join(Stream, Stream.id == inserted.c.stream_id)
    return [(row.jti, row.client_id) for row in await db.execute(receivers)]


async def enqueue_in(db: AsyncSession, stream_id: UUID, kind: str, claims: dict[str, Any]) -> None:
    """Put an event into one stream alone, and notify."""
    db.add(StreamEvent(stream_id=stream_id, type=kind, claims=claims))
    await notify(db)


async def notify(db: AsyncSession) -> None:
    """Wake the polls and the pushers of every process once this transaction has committed."""
    await db.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


async def find_stream(db: AsyncSession, client_id: str, stream_id: UUID, *, lock: bool = False) -> Stream | None:
    """The stream if it belongs to this client; `lock` holds its row until the transaction ends."""
    statement = select(Stream).where(Stream.id == stream_id, Stream.client_id == client_id)
    return await db.scalar(statement.with_for_update() if lock else statement)


async def streams_of(db: AsyncSession, client_id: str) -> Sequence[Stream]:
    return (await db.scalars(select(Stream).where(Stream.client_id == client_id))).all()


async def next_events(db: AsyncSession, stream_id: UUID, limit: int) -> Sequence[StreamEvent]:
    """The events to be sent next, the oldest first."""
    statement = select(StreamEvent).where(StreamEvent.stream_id == stream_id).order_by(StreamEvent.id).limit(limit)
    return (await db.scalars(statement)).all()


async def acknowledge(db: AsyncSession, stream_id: UUID, jtis: Collection[UUID], now: datetime) -> None:
    """Delete events that the receiver has taken, and confirm the deletions of accounts that they report."""
    await deletions.confirm(db, await _delete(db, stream_id, jtis), now)


async def refuse(db: AsyncSession, stream_id: UUID, jtis: Collection[UUID]) -> Sequence[UUID]:
    """Delete events that the receiver will never take. Returns those that were in the stream."""
    return await _delete(db, stream_id, jtis)


async def delete_events(db: AsyncSession, stream_id: UUID) -> None:
    """Delete every event that waits in the stream."""
    await db.execute(delete(StreamEvent).where(StreamEvent.stream_id == stream_id))


async def claim_push(db: AsyncSession, now: datetime, lease_until: datetime) -> tuple[Stream, StreamEvent] | None:
    """Lease a stream that is due to be pushed, and return it with its oldest event; None if no stream is due.

    Until `lease_until` no other process gets this stream.
    """
    has_events = select(StreamEvent.id).where(StreamEvent.stream_id == Stream.id).exists()
    due = (
        select(Stream)
        .where(
            Stream.delivery_method == Delivery.PUSH,
            Stream.status == StreamStatus.ENABLED,
            or_(Stream.next_push_at.is_(None), Stream.next_push_at <= now),
            has_events,
        )
        .order_by(Stream.next_push_at.nulls_first(), Stream.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    stream = await db.scalar(due)
    if stream is None:
        return None
    stream.next_push_at = lease_until
    events = await next_events(db, stream.id, 1)
    return (stream, events[0]) if events else None


async def lock_stream(db: AsyncSession, stream_id: UUID) -> Stream | None:
    """The stream, its row locked until the transaction ends; None if it was deleted."""
    return await db.get(Stream, stream_id, with_for_update=True)


async def _delete(db: AsyncSession, stream_id: UUID, jtis: Collection[UUID]) -> Sequence[UUID]:
    """Delete events, and return those that were in the stream."""
    statement = delete(StreamEvent).where(StreamEvent.stream_id == stream_id, StreamEvent.jti.in_(jtis))
    return (await db.scalars(statement.returning(StreamEvent.jti))).all()
