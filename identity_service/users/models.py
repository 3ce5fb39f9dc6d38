"""An account."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, NewId


class User(Base):
    """Name and address are kept as they were written, and are unique without regard to case.

    `tokens_valid_from`, in seconds: a token with an earlier `iat` says what is no longer so of its user.
    """

    __tablename__ = "users"

    id: Mapped[NewId]
    username: Mapped[str]
    email: Mapped[str]
    password_hash: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    tokens_valid_from: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    updated_at: Mapped[Instant] = mapped_column(server_default=func.now())


Index("users_username_key", func.lower(User.username), unique=True)
Index("users_email_key", func.lower(User.email), unique=True)


class AccountDeletion(Base):
    """A deleted account. `receipt` lets its former owner watch the erasure; nobody can guess it."""

    __tablename__ = "account_deletions"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    receipt: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    deleted_at: Mapped[Instant] = mapped_column(server_default=func.now())


class DeletionConfirmation(Base):
    """A receiver of the event `jti`, which reports a deletion; it sets `confirmed_at` by acknowledging the event."""

    __tablename__ = "deletion_confirmations"

    user_id: Mapped[UUID] = mapped_column(ForeignKey(AccountDeletion.user_id, ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[str] = mapped_column(
        ForeignKey("identity.clients.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    jti: Mapped[UUID] = mapped_column(unique=True)
    confirmed_at: Mapped[Instant | None]
