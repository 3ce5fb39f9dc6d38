"""Streams, the events that wait in them, and the events of the last hour."""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    func,
    literal_column,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, NewId, Texts


class Delivery(StrEnum):
    """SSF 1.0 section 6.1: how events reach the receiver."""

    PUSH = "urn:ietf:rfc:8935"
    POLL = "urn:ietf:rfc:8936"


class StreamStatus(StrEnum):
    """Enabled: events are sent. Paused: they are stored and sent later. Disabled: they are dropped."""

    ENABLED = "enabled"
    PAUSED = "paused"
    DISABLED = "disabled"


class Stream(Base):
    """A receiving client has one durable stream, which its replicas share, so that each event goes to one of them.

    A stream with an `inactivity_timeout`, in seconds, belongs to a single process: it is over at `lapses_at`, which
    polls put off. `polled_at` is when it was polled last, by ten seconds. `waiting_poll` is the number of the newest
    poll that may wait, which ends those before it. Deletions of accounts from before `deletions_before` have yet to be
    put into the stream; None if all are in it.
    """

    __tablename__ = "streams"
    __table_args__ = (
        CheckConstraint("status IN ('enabled', 'paused', 'disabled')", "status"),
        CheckConstraint("(delivery_method = 'urn:ietf:rfc:8935') = (push_url IS NOT NULL)", "push_url"),
        CheckConstraint("(inactivity_timeout IS NULL) = (lapses_at IS NULL)", "lapses_at"),
    )

    id: Mapped[NewId]
    client_id: Mapped[str] = mapped_column(ForeignKey("identity.clients.id", ondelete="CASCADE"))
    description: Mapped[str | None]
    delivery_method: Mapped[str]
    push_url: Mapped[str | None]
    sealed_push_authorization: Mapped[bytes | None] = mapped_column(LargeBinary)
    events_requested: Mapped[Texts]
    status: Mapped[str] = mapped_column(server_default=text("'enabled'"))
    status_reason: Mapped[str | None]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    verified_at: Mapped[Instant | None]
    failed_pushes: Mapped[int] = mapped_column(server_default=text("0"))
    next_push_at: Mapped[Instant | None]
    pushed_at: Mapped[Instant | None]
    inactivity_timeout: Mapped[int | None]
    lapses_at: Mapped[Instant | None]
    polled_at: Mapped[Instant | None]
    waiting_poll: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    deletions_before: Mapped[Instant | None]

    @property
    def is_durable(self) -> bool:
        """Whether the stream is that of the whole service, and not of one of its processes."""
        return self.inactivity_timeout is None


# Named as the constraint that the previous release looks for when a second stream is refused.
Index("streams_client_id_key", Stream.client_id, unique=True, postgresql_where=Stream.inactivity_timeout.is_(None))
Index("streams_of_client_idx", Stream.client_id)

IS_LIVE: Final = or_(Stream.lapses_at.is_(None), Stream.lapses_at > func.clock_timestamp())
"""Whether a stream has not lapsed, by the database's clock."""

LAPSE_GRACE: Final = timedelta(minutes=1)
"""For so long a lapsed stream goes on storing events: a request that began before it lapsed, and has waited for a lock
since, may still keep the stream."""

STORES_EVENTS: Final = or_(Stream.lapses_at.is_(None), Stream.lapses_at > func.clock_timestamp() - LAPSE_GRACE)

_SUBJECT: Final = "coalesce(claims #>> '{sub_id,sub}', claims #>> '{sub_id,user,sub}')"
SUBJECT: Final[ColumnElement[str]] = literal_column(_SUBJECT, String)
"""The user of an event: its subject, or the owner of the session. Literal SQL, so that PostgreSQL uses the index."""


class StreamEvent(Base):
    """An event that waits in a stream until the receiver acknowledges it.

    `claims` are those of its security event token; issuer, audience, id and time are added when it is sent, last at
    `sent_at`. `is_history` is whether every token has expired that could contradict it: it comes after all others.
    """

    __tablename__ = "stream_events"
    __table_args__ = (Index("stream_events_subject_idx", text(_SUBJECT)),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stream_id: Mapped[UUID] = mapped_column(ForeignKey(Stream.id, ondelete="CASCADE"))
    jti: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    type: Mapped[str]
    claims: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    sent_at: Mapped[Instant | None]
    is_history: Mapped[bool] = mapped_column(server_default=text("false"))


SENDING_ORDER: Final = (StreamEvent.is_history, StreamEvent.sent_at.asc().nulls_first(), StreamEvent.id)
"""The order in which events are sent: those that have not been sent, then those that were sent longest ago; history
after all others, also after those that were lost with an answer."""

Index("stream_events_in_order_idx", StreamEvent.stream_id, StreamEvent.id)
Index("stream_events_in_turn_idx", StreamEvent.stream_id, *SENDING_ORDER)


class RecentEvent(Base):
    """An event of the last hour, once for all streams. It is replayed into a stream that is new or enabled again."""

    __tablename__ = "recent_events"
    __table_args__ = (Index("recent_events_subject_idx", text(_SUBJECT)),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    type: Mapped[str]
    claims: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Instant] = mapped_column(server_default=func.now(), index=True)


class EventGate(Base):
    """No rows: only the lock of the table is used, by acts that enqueue an event and by streams that begin or end.

    A lock of `recent_events` would wait for each vacuum of it, and any role of the database may take an advisory lock.
    """

    __tablename__ = "event_gate"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)


class DroppedEvent(Base):
    """An event that left its stream without being acknowledged: refused by the receiver, or dropped with the stream.
    Kept for a moment, so that a caller who waits for the acknowledgement does not take it for acknowledged."""

    __tablename__ = "dropped_events"

    jti: Mapped[UUID] = mapped_column(primary_key=True)
    dropped_at: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())


class CanaryTurn(Base):
    """One row: when a process of this service sent the last canary."""

    __tablename__ = "canary_turns"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    sent_at: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())
