"""A user: a name, an e-mail address and a password."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, NewId

CLOCK_ALLOWANCE_SECONDS: Final = 2
"""How far the clocks of replicas may differ without a token from before a change counting as a later one."""


class UserState(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


class User(Base):
    """Username and e-mail address are stored as they were written, and are unique without regard to case.

    `tokens_valid_from` is in seconds since the epoch: access tokens with an earlier `iat` are refused.
    """

    __tablename__ = "users"

    id: Mapped[NewId]
    username: Mapped[str]
    email: Mapped[str]
    full_name: Mapped[str | None]
    password_hash: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    tokens_valid_from: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    updated_at: Mapped[Instant] = mapped_column(server_default=func.now())

    @property
    def state(self) -> UserState:
        return UserState.ACTIVE if self.is_active else UserState.DISABLED

    def refuse_tokens_before(self, now: datetime) -> None:
        """Refuse all access tokens issued until `now`, which must be read while this row is locked.

        A token that was minted while the caller waited for the lock then counts as older. The value rises at every
        call, so that a token from between two changes counts as older than the second.
        """
        self.tokens_valid_from = max(self.tokens_valid_from + 1, int(now.timestamp()) + CLOCK_ALLOWANCE_SECONDS)


Index("users_username_key", func.lower(User.username), unique=True)
Index("users_email_key", func.lower(User.email), unique=True)


class AccountDeletion(Base):
    """A deleted account. `receipt` lets its former owner watch the erasure; it cannot be guessed."""

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
