"""The tables of streams and their events."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import any_, delete, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events.models import DeletionConfirmation, Stream, StreamEvent, StreamStatus

CHANNEL = "identity_events"


async def enqueue(db: AsyncSession, kind: str, claims: dict[str, Any]) -> Sequence[tuple[UUID, str]]:
    """Put one event into every stream that asked for its kind and is not disabled; the tokens' ids, by client."""
    # The rows are locked: a stream that is deleted or disabled meanwhile neither refuses the event nor keeps it.
    streams = (
        select(Stream.id, literal(kind), literal(claims, JSONB))
        .where(Stream.status != StreamStatus.DISABLED, literal(kind) == any_(Stream.events_requested))
        .with_for_update(read=True, key_share=True)
    )
    waiting = (
        insert(StreamEvent)
        .from_select(["stream_id", "type", "claims"], streams)
        .returning(StreamEvent.jti, StreamEvent.stream_id)
        .cte()
    )
    told = select(waiting.c.jti, Stream.client_id).join(Stream, Stream.id == waiting.c.stream_id)
    return [(row.jti, row.client_id) for row in await db.execute(told)]


async def notify(db: AsyncSession) -> None:
    """Wake whoever waits for events, when this transaction has committed and not before."""
    await db.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


async def add_to(db: AsyncSession, stream_id: UUID, kind: str, claims: dict[str, Any]) -> None:
    """An event for one stream alone."""
    db.add(StreamEvent(stream_id=stream_id, type=kind, claims=claims))
    await notify(db)


async def find_stream(db: AsyncSession, client_id: str, stream_id: UUID, *, lock: bool = False) -> Stream | None:
    """A stream of this client; another client's does not exist for it."""
    statement = select(Stream).where(Stream.id == stream_id, Stream.client_id == client_id)
    return await db.scalar(statement.with_for_update() if lock else statement)


async def streams_of(db: AsyncSession, client_id: str) -> Sequence[Stream]:
    return (await db.scalars(select(Stream).where(Stream.client_id == client_id))).all()


async def waiting(db: AsyncSession, stream_id: UUID, limit: int) -> Sequence[StreamEvent]:
    """The events that are to be sent next, the oldest first."""
    statement = select(StreamEvent).where(StreamEvent.stream_id == stream_id).order_by(StreamEvent.id).limit(limit)
    return (await db.scalars(statement)).all()


async def acknowledge(db: AsyncSession, stream_id: UUID, ids: Collection[UUID], now: datetime) -> None:
    """Take events out of a stream for good. Ids that are not in it are no matter (RFC 8936 section 2.2)."""
    gone = (
        delete(StreamEvent)
        .where(StreamEvent.stream_id == stream_id, StreamEvent.jti.in_(ids))
        .returning(StreamEvent.jti)
    )
    found = (await db.scalars(gone)).all()
    confirmed = update(DeletionConfirmation).where(DeletionConfirmation.jti.in_(found)).values(confirmed_at=now)
    await db.execute(confirmed)


async def drop(db: AsyncSession, stream_id: UUID, ids: Collection[UUID]) -> Sequence[UUID]:
    """Take events out of a stream that its receiver cannot take; those that were in it."""
    gone = delete(StreamEvent).where(StreamEvent.stream_id == stream_id, StreamEvent.jti.in_(ids))
    return (await db.scalars(gone.returning(StreamEvent.jti))).all()


async def empty(db: AsyncSession, stream_id: UUID) -> None:
    await db.execute(delete(StreamEvent).where(StreamEvent.stream_id == stream_id))
