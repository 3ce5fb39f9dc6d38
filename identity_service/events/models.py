"""The stream of one receiver, and the events that wait in it."""

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
    String,
    func,
    literal_column,
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
    """A receiving client has one stream; its replicas share it, and each event goes to one of them."""

    __tablename__ = "streams"
    __table_args__ = (
        CheckConstraint("status IN ('enabled', 'paused', 'disabled')", "status"),
        CheckConstraint("(delivery_method = 'urn:ietf:rfc:8935') = (push_url IS NOT NULL)", "push_url"),
    )

    id: Mapped[NewId]
    client_id: Mapped[str] = mapped_column(ForeignKey("identity.clients.id", ondelete="CASCADE"), unique=True)
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


_SUBJECT: Final = "coalesce(claims #>> '{sub_id,sub}', claims #>> '{sub_id,user,sub}')"
SUBJECT: Final[ColumnElement[str]] = literal_column(_SUBJECT, String)
"""The user of an event: its subject, or the owner of the session. Literal SQL, so that PostgreSQL uses the index."""


class StreamEvent(Base):
    """An event that waits in a stream until the receiver acknowledges it.

    `claims` are those of its security event token; issuer, audience, id and time are added when it is sent.
    """

    __tablename__ = "stream_events"
    __table_args__ = (Index("stream_events_subject_idx", text(_SUBJECT)),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stream_id: Mapped[UUID] = mapped_column(ForeignKey(Stream.id, ondelete="CASCADE"))
    jti: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    type: Mapped[str]
    claims: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())


Index("stream_events_in_order_idx", StreamEvent.stream_id, StreamEvent.id)
