"""The SQL of streams, and of what becomes of the events in them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Interval,
    Row,
    Uuid,
    any_,
    bindparam,
    delete,
    false,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, array, insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.models import ClientRow
from identity_service.events.locking import limit_idle_time
from identity_service.events.models import (
    IS_LIVE,
    SUBJECT,
    DroppedEvent,
    RecentEvent,
    Stream,
    StreamEvent,
    StreamStatus,
)
from identity_service.events.topics import acknowledgements_in, notify
from identity_service.users import deletions
from watchword.database.portions import delete_portion
from watchword.database.statements import Statement
from watchword.events.types import EventType

LONGEST_WAIT: Final = timedelta(minutes=1)
"""Nobody waits for the acknowledgement of an event that is older."""

TYPES_TO_OBEY: Final = (
    EventType.SESSION_REVOKED,
    EventType.TOKEN_CLAIMS_CHANGE,
    EventType.CREDENTIAL_CHANGE,
    EventType.ASSURANCE_LEVEL_CHANGE,
    EventType.ACCOUNT_DISABLED,
    EventType.ACCOUNT_ENABLED,
    EventType.ACCOUNT_PURGED,
)
"""Events whose receivers refuse tokens or accept them again. Of a user they tell ids, roles and times, and no name."""

TYPES_NOT_REDACTED: Final = tuple(kind for kind in TYPES_TO_OBEY if kind != EventType.TOKEN_CLAIMS_CHANGE)
"""Events that `forget_user` leaves as they are."""

_JTIS: Final = bindparam("jtis", type_=ARRAY(Uuid))
_unacknowledged: Final = (
    select(StreamEvent.jti, false().label("is_dropped"))
    .where(StreamEvent.jti == any_(_JTIS))
    .union_all(select(DroppedEvent.jti, true()).where(DroppedEvent.jti == any_(_JTIS)))
    .subquery("unacknowledged")
)
UNACKNOWLEDGED: Final = Statement(select(_unacknowledged.c.jti, _unacknowledged.c.is_dropped))
"""Those of these events that wait for their acknowledgement, and those that were dropped and will never get one."""


async def find_stream(
    db: AsyncSession, client_id: str, stream_id: UUID, *, lock: bool = False, may_have_lapsed: bool = False
) -> Stream | None:
    """The stream if it belongs to this client and has not lapsed, unless it may have; `lock` holds its row until the
    transaction ends, and holds up nobody who enqueues an event."""
    if lock:
        await limit_idle_time(db)
    statement = select(Stream).where(Stream.id == stream_id, Stream.client_id == client_id)
    if not may_have_lapsed:
        statement = statement.where(IS_LIVE)
    return await db.scalar(statement.with_for_update(key_share=True) if lock else statement)


async def find_for_administrator(db: AsyncSession, stream_id: UUID) -> Stream | None:
    """The stream of whichever client, locked as by `find_stream`, if it has not lapsed."""
    await limit_idle_time(db)
    return await db.scalar(select(Stream).where(Stream.id == stream_id, IS_LIVE).with_for_update(key_share=True))


async def lock_streams_of_deletions(db: AsyncSession) -> Sequence[Stream]:
    """The durable streams that ask for deletions of accounts and are not disabled, locked as by `find_stream`."""
    await limit_idle_time(db)
    wanted = (
        Stream.inactivity_timeout.is_(None),
        Stream.status != StreamStatus.DISABLED,
        literal(EventType.ACCOUNT_PURGED) == any_(Stream.events_requested),
    )
    statement = select(Stream).where(*wanted).order_by(Stream.id)
    return (await db.scalars(statement.with_for_update(key_share=True))).all()


async def streams_of(db: AsyncSession, client_id: str) -> Sequence[Stream]:
    """The streams of the client that have not lapsed, the durable one first: a receiver may take the first."""
    statement = select(Stream).where(Stream.client_id == client_id, IS_LIVE)
    return (await db.scalars(statement.order_by(Stream.inactivity_timeout.is_not(None), Stream.id))).all()


async def all_of_for_update(db: AsyncSession, client_id: str) -> Sequence[Stream]:
    """Every stream of the client, also those that have lapsed, their rows locked until the transaction ends, which
    holds up nobody who enqueues an event."""
    await limit_idle_time(db)
    statement = select(Stream).where(Stream.client_id == client_id).order_by(Stream.id)
    return (await db.scalars(statement.with_for_update(key_share=True))).all()


async def count_streams(db: AsyncSession, client_id: str) -> int:
    """How many streams the client has; no other transaction can count them until this one ends."""
    await db.execute(select(ClientRow.id).where(ClientRow.id == client_id).with_for_update(key_share=True))
    return await db.scalar(select(func.count()).where(Stream.client_id == client_id, IS_LIVE)) or 0


async def insert_stream(db: AsyncSession, stream: Stream) -> None:
    """Raises IntegrityError for a second durable stream of a client."""
    if stream.inactivity_timeout is not None:
        timeout = timedelta(seconds=stream.inactivity_timeout)
        stream.lapses_at = await db.scalar(select(func.clock_timestamp() + timeout))
    db.add(stream)
    await db.flush()  # its id comes from the database


async def put_off_lapse(db: AsyncSession, stream_id: UUID) -> None:
    """Give a stream that lapses its whole timeout again."""
    lapses_at = func.clock_timestamp() + Stream.inactivity_timeout * literal(timedelta(seconds=1), Interval)
    later = update(Stream).where(Stream.id == stream_id).values(lapses_at=lapses_at)
    await db.execute(later, execution_options={"synchronize_session": False})


async def has_durable_stream(db: AsyncSession, client_id: str) -> bool:
    durable = select(Stream.id).where(Stream.client_id == client_id, Stream.inactivity_timeout.is_(None))
    return await db.scalar(durable) is not None


async def acknowledge(db: AsyncSession, stream: Stream, jtis: Collection[UUID], now: datetime) -> None:
    """Delete events that the receiver has taken, and confirm the deletions of accounts that they report."""
    rows = await _delete(db, stream.id, jtis)
    if not rows:
        return
    await notify(db, [acknowledgements_in(stream.id)])
    erased = [UUID(row.subject) for row in rows if row.type == EventType.ACCOUNT_PURGED]
    # What one process of a service acknowledges is said for the whole of it only if it has no durable stream.
    if erased and (stream.is_durable or not await has_durable_stream(db, stream.client_id)):
        await deletions.confirm(db, stream.client_id, erased, now)


async def refuse(db: AsyncSession, stream: Stream, jtis: Collection[UUID]) -> list[tuple[UUID, str]]:
    """Delete events that the receiver will never take. Returns the id and type of those that were in the stream."""
    rows = await _delete(db, stream.id, jtis)
    if rows:
        db.add_all(DroppedEvent(jti=row.jti) for row in rows)
        await notify(db, [acknowledgements_in(stream.id)])
    return [(row.jti, row.type) for row in rows]


async def note_dropped(db: AsyncSession, stream_id: UUID) -> None:
    """Note that the events of this stream will not be acknowledged, if somebody may wait for that."""
    recent = StreamEvent.created_at > func.now() - LONGEST_WAIT
    dropped = select(StreamEvent.jti).where(StreamEvent.stream_id == stream_id, recent)
    # Another transaction may have noted the same ones.
    await db.execute(insert(DroppedEvent).from_select(["jti"], dropped).on_conflict_do_nothing())
    await notify(db, [acknowledgements_in(stream_id)])


async def forget_user(db: AsyncSession, subject: str) -> None:
    """Remove from the events that wait in any stream what they say about a user, except what must be obeyed.

    Those that remain name the user and their sessions by their ids.
    """
    about_user = SUBJECT.in_([subject])
    for table in (StreamEvent, RecentEvent):
        await db.execute(delete(table).where(about_user, table.type.not_in(TYPES_TO_OBEY)))
        path = array(["events", table.type, "claims"])
        redacted = func.jsonb_set(table.claims, path, literal({}, JSONB))
        changes = about_user, table.type == EventType.TOKEN_CLAIMS_CHANGE
        await db.execute(update(table).where(*changes).values(claims=redacted))


async def last_event_id(db: AsyncSession, stream_id: UUID) -> int:
    """The id of the newest event that waits in the stream; 0 if none does."""
    newest = select(StreamEvent.id).where(StreamEvent.stream_id == stream_id).order_by(StreamEvent.id.desc()).limit(1)
    return await db.scalar(newest) or 0


async def delete_events(db: AsyncSession, stream_id: UUID, last: int) -> int:
    """Delete a portion of the events that wait in the stream, no newer one than `last`; return how many."""
    conditions = StreamEvent.stream_id == stream_id, StreamEvent.id <= last
    return await delete_portion(db, StreamEvent, *conditions, order_by=[StreamEvent.id])


async def lock_stream(db: AsyncSession, stream_id: UUID) -> Stream | None:
    """The stream, its row locked until the transaction ends, which holds up nobody who enqueues an event; None if it
    was deleted."""
    await limit_idle_time(db)
    return await db.get(Stream, stream_id, with_for_update={"key_share": True})


async def _delete(db: AsyncSession, stream_id: UUID, jtis: Collection[UUID]) -> Sequence[Row[UUID, str, str]]:
    """Delete events, and return the id, type and user of those that were in the stream."""
    await limit_idle_time(db)
    # Locked in order, so that two that delete the same events do not wait for each other.
    ids = select(StreamEvent.id).where(StreamEvent.stream_id == stream_id, StreamEvent.jti.in_(jtis))
    statement = delete(StreamEvent).where(StreamEvent.id.in_(ids.order_by(StreamEvent.id).with_for_update()))
    return (await db.execute(statement.returning(StreamEvent.jti, StreamEvent.type, SUBJECT.label("subject")))).all()
