"""The SQL of streams and their events."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import any_, delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service import channel
from identity_service.events.models import SUBJECT, Delivery, Stream, StreamEvent, StreamStatus
from identity_service.users import deletions
from watchword.database.portions import delete_portion
from watchword.events.types import EventType

TYPES_TO_OBEY: Final = (
    EventType.SESSION_REVOKED,
    EventType.TOKEN_CLAIMS_CHANGE,
    EventType.CREDENTIAL_CHANGE,
    EventType.ACCOUNT_DISABLED,
    EventType.ACCOUNT_ENABLED,
    EventType.ACCOUNT_PURGED,
)
"""Events whose receivers refuse tokens or accept them again. Of a user they tell ids, roles and times, and no name."""


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
    await channel.notify(db)


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
    await deletions.confirm(db, [jti for jti, _ in await _delete(db, stream_id, jtis)], now)


async def refuse(db: AsyncSession, stream_id: UUID, jtis: Collection[UUID]) -> list[tuple[UUID, str]]:
    """Delete events that the receiver will never take. Returns the id and type of those that were in the stream."""
    return await _delete(db, stream_id, jtis)


async def forget_user(db: AsyncSession, subject: str) -> None:
    """Remove from the events that wait in any stream what they say about a user, except what must be obeyed.

    Those that remain name the user and their sessions by their ids.
    """
    about_user = SUBJECT.in_([subject])
    await db.execute(delete(StreamEvent).where(about_user, StreamEvent.type.not_in(TYPES_TO_OBEY)))
    path = array(["events", StreamEvent.type, "claims"])
    redacted = func.jsonb_set(StreamEvent.claims, path, literal({}, JSONB))
    changes = about_user, StreamEvent.type == EventType.TOKEN_CLAIMS_CHANGE
    await db.execute(update(StreamEvent).where(*changes).values(claims=redacted))


async def last_event_id(db: AsyncSession, stream_id: UUID) -> int:
    """The id of the newest event that waits in the stream; 0 if none does."""
    newest = select(StreamEvent.id).where(StreamEvent.stream_id == stream_id).order_by(StreamEvent.id.desc()).limit(1)
    return await db.scalar(newest) or 0


async def delete_events(db: AsyncSession, stream_id: UUID, last: int) -> int:
    """Delete a portion of the events that wait in the stream, no newer one than `last`; return how many."""
    conditions = StreamEvent.stream_id == stream_id, StreamEvent.id <= last
    return await delete_portion(db, StreamEvent, *conditions, order_by=[StreamEvent.id])


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


async def _delete(db: AsyncSession, stream_id: UUID, jtis: Collection[UUID]) -> list[tuple[UUID, str]]:
    """Delete events, and return the id and type of those that were in the stream."""
    statement = delete(StreamEvent).where(StreamEvent.stream_id == stream_id, StreamEvent.jti.in_(jtis))
    rows = await db.execute(statement.returning(StreamEvent.jti, StreamEvent.type))
    return [(row.jti, row.type) for row in rows]
