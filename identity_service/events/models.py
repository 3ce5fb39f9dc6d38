"""A stream of one receiver, and the events that wait in it."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, NewId, Texts


class Delivery(StrEnum):
    """SSF 1.0 section 6.1: how events reach the receiver."""

    PUSH = "urn:ietf:rfc:8935"
    POLL = "urn:ietf:rfc:8936"


class StreamStatus(StrEnum):
    """Enabled: sent. Paused: kept, and sent later. Disabled: neither."""

    ENABLED = "enabled"
    PAUSED = "paused"
    DISABLED = "disabled"


class Stream(Base):
    """One for each receiving client: its replicas share it, and each event is for one of them."""

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


class StreamEvent(Base):
    """Waits until the receiver acknowledges it. `claims` are those of the security event token but for the issuer,
    the audience and the time of signing, which are added when it is sent."""

    __tablename__ = "stream_events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stream_id: Mapped[UUID] = mapped_column(ForeignKey(Stream.id, ondelete="CASCADE"))
    jti: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    type: Mapped[str]
    claims: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())


Index("stream_events_in_order_idx", StreamEvent.stream_id, StreamEvent.id)


class AccountDeletion(Base):
    """An account that is gone. `receipt` is what its former owner watches the erasure by; nobody can guess it."""

    __tablename__ = "account_deletions"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    receipt: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    deleted_at: Mapped[Instant] = mapped_column(server_default=func.now())


class DeletionConfirmation(Base):
    """One receiver that was told; it has erased what it kept once `confirmed_at` is set."""

    __tablename__ = "deletion_confirmations"

    user_id: Mapped[UUID] = mapped_column(ForeignKey(AccountDeletion.user_id, ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[str] = mapped_column(
        ForeignKey("identity.clients.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    jti: Mapped[UUID] = mapped_column(unique=True)
    confirmed_at: Mapped[Instant | None]
