"""The SQL of push delivery: whose turn it is, and which event is next."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events.locking import end_when_idle
from identity_service.events.models import TURN, Delivery, Stream, StreamEvent, StreamStatus


class PushTurn(NamedTuple):
    """One try to push one event."""

    stream: Stream
    event: StreamEvent


async def claim(db: AsyncSession, now: datetime, lease_until: datetime) -> PushTurn | None:
    """Lease the stream that is due and whose last turn was longest ago, and take its next event; None if none is due.

    Until `lease_until` no other process gets this stream.
    """
    await end_when_idle(db)
    has_events = select(StreamEvent.id).where(StreamEvent.stream_id == Stream.id).exists()
    due = (
        select(Stream)
        .where(
            Stream.delivery_method == Delivery.PUSH,
            Stream.status == StreamStatus.ENABLED,
            or_(Stream.next_push_at.is_(None), Stream.next_push_at <= now),
            has_events,
        )
        .order_by(Stream.pushed_at.nulls_first(), Stream.id)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
    )
    stream = await db.scalar(due)
    if stream is None:
        return None
    next_event = select(StreamEvent).where(StreamEvent.stream_id == stream.id).order_by(*TURN).limit(1)
    event = await db.scalar(next_event)
    if event is None:
        return None
    stream.next_push_at = lease_until
    stream.pushed_at = event.sent_at = await db.scalar(select(func.clock_timestamp()))
    return PushTurn(stream, event)
