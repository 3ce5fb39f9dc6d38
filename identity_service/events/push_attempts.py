"""The SQL of push delivery: which stream is due, and which event is next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events.locking import limit_idle_time
from identity_service.events.models import SENDING_ORDER, Delivery, Stream, StreamEvent, StreamStatus
from watchword.database.statements import Statement


class PushAttempt(NamedTuple):
    """One try to push one event."""

    stream: Stream
    event: StreamEvent


def _due_conditions(now: datetime | ColumnElement[Any]) -> Sequence[ColumnElement[bool]]:
    """The conditions under which an event of a stream is to be pushed at the time `now`."""
    return (
        Stream.delivery_method == Delivery.PUSH,
        Stream.status == StreamStatus.ENABLED,
        or_(Stream.next_push_at.is_(None), Stream.next_push_at <= now),
        select(StreamEvent.id).where(StreamEvent.stream_id == Stream.id).exists(),
    )


_NOW: Final = bindparam("now", type_=Stream.next_push_at.type)
DUE: Final = Statement(select(Stream.id).where(*_due_conditions(_NOW)).limit(1))
"""One row if a stream is due at the time `now`. `claim` then finds it, unless another process has just leased it."""


async def claim(db: AsyncSession, now: datetime, lease_until: datetime) -> PushAttempt | None:
    """Lease the stream that is due and whose last attempt was longest ago, and take its next event.

    None if no stream is due. Until `lease_until` no other process gets this stream.
    """
    await limit_idle_time(db)
    due = (
        select(Stream)
        .where(*_due_conditions(now))
        .order_by(Stream.pushed_at.nulls_first(), Stream.id)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
    )
    stream = await db.scalar(due)
    if stream is None:
        return None
    next_event = select(StreamEvent).where(StreamEvent.stream_id == stream.id).order_by(*SENDING_ORDER).limit(1)
    event = await db.scalar(next_event)
    if event is None:
        return None
    stream.next_push_at = lease_until
    stream.pushed_at = event.sent_at = await db.scalar(select(func.clock_timestamp()))
    return PushAttempt(stream, event)
