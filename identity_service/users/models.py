"""A user: a name, an e-mail address and a password."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, collate, func, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, NewId

HASH_KIND: Final = r"^\$[^$]+\$[^$]+(\$m=[^$]+)?"
"""The part of a password hash that names its scheme and its cost."""


INITIAL_PASSWORD_LIFETIME: Final = timedelta(days=7)


class UserState(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


class AccountState(StrEnum):
    """The state of an account for those who administer it. Each has one."""

    ACTIVE = "active"
    DISABLED = "disabled"
    """Also if it awaits the verification of its address."""
    AWAITING_VERIFICATION = "awaiting_verification"

    @classmethod
    def of(cls, is_active: bool, awaits_verification: bool) -> "AccountState":
        if not is_active:
            return cls.DISABLED
        return cls.AWAITING_VERIFICATION if awaits_verification else cls.ACTIVE


@dataclass(frozen=True, slots=True, repr=False)
class SignInUser:
    """A user as a sign-in finds them, before the password is verified."""

    id: UUID
    password_hash: str
    is_active: bool
    awaits_verification: bool
    must_change_password: bool
    initial_password_expires_at: datetime | None
    password_checked_at: datetime | None
    has_verified_address: bool
    has_second_factor: bool


class User(Base):
    """Username and e-mail address are stored as they were written, and are unique without regard to case.

    `version` counts the changes that make older tokens wrong, and every token carries it. `claims_version` is the
    version of the latest change of the roles: this service refuses access tokens with a smaller one.
    `tokens_valid_from`, in seconds since 1970, is what the previous release compares with `iat`.

    `email_verified_at` is when a link sent to the present address was used, if ever. While `awaits_verification`, the
    account was registered by somebody who has not shown that the address is theirs: it cannot sign in, and whoever
    registers the address after them replaces it. Some of these accounts are stand-ins for one that was not made, since
    its address was taken (`stand_ins.py`).

    While `must_change_password`, the password is an initial one, which somebody else has chosen: it signs in only to be
    changed, and not at all from `initial_password_expires_at` on.

    While it `has_second_factor`, an authenticator app or a passkey, the password alone signs nobody in.

    `password_checked_at` is when the present password was last looked up at a sign-in, and `password_breached_at` since
    when it is known from a breach.
    """

    __tablename__ = "users"

    id: Mapped[NewId]
    username: Mapped[str]
    email: Mapped[str]
    full_name: Mapped[str | None]
    password_hash: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    tokens_valid_from: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    claims_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    email_verified_at: Mapped[Instant | None]
    awaits_verification: Mapped[bool] = mapped_column(server_default=text("false"))
    must_change_password: Mapped[bool] = mapped_column(server_default=text("false"))
    initial_password_expires_at: Mapped[Instant | None]
    password_checked_at: Mapped[Instant | None]
    password_breached_at: Mapped[Instant | None]
    has_second_factor: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    updated_at: Mapped[Instant] = mapped_column(server_default=func.now())

    @property
    def state(self) -> UserState:
        return UserState.ACTIVE if self.is_active else UserState.DISABLED

    def set_password(self, password_hash: str, now: datetime) -> None:
        """Set another password, which its owner has chosen. The row must be locked."""
        self.password_hash = password_hash
        self.must_change_password = False
        self.initial_password_expires_at = None
        self.password_checked_at = None
        self.password_breached_at = None
        self.updated_at = now

    def set_initial_password(self, password_hash: str, now: datetime) -> None:
        """Set a password that its owner must change. The row must be locked."""
        self.set_password(password_hash, now)
        self.must_change_password = True
        self.initial_password_expires_at = now + INITIAL_PASSWORD_LIFETIME

    def verify_email(self, now: datetime) -> None:
        """Note that a link sent to the present address was used. The row must be locked."""
        self.awaits_verification = False
        self.email_verified_at = self.email_verified_at or now

    def change_email(self, email: str, now: datetime) -> None:
        """Set another address, at which a link was used. The row must be locked."""
        self.email = email
        self.email_verified_at = None
        self.verify_email(now)
        self.updated_at = now

    def raise_version(self) -> None:
        """Count a change, so that receivers can tell older tokens from later ones. The row must be locked."""
        self.version += 1

    def outdate_claims(self, now: datetime) -> None:
        """Refuse every access token that was issued until now. The row must be locked, and `now` read after that."""
        self.raise_version()
        self.claims_version = self.version
        # A process of the previous release compares it with `iat`, which is rounded down.
        self.tokens_valid_from = max(self.tokens_valid_from, int(now.timestamp()) + 1)


Index("users_username_key", func.lower(User.username), unique=True)
Index("users_email_key", func.lower(User.email), unique=True)
Index("users_awaiting_idx", User.created_at, postgresql_where=User.awaits_verification)

# In the order of bytes, so that one index finds those that begin with a text, and gives them in order.
NAME_KEY: Final = collate(func.lower(User.username), "C")
ADDRESS_KEY: Final = collate(func.lower(User.email), "C")
# Their collation is "C", which the comparison of tables and models cannot see.
Index("users_names_idx", func.lower(User.username))
Index("users_addresses_idx", func.lower(User.email))
Index("users_disabled_idx", User.id, postgresql_where=~User.is_active)
Index("users_newest_awaiting_idx", User.id, postgresql_where=User.awaits_verification)


def hash_kind(password_hash: ColumnElement[str] | Any) -> ColumnElement[str]:
    """The part of a hash that `HASH_KIND` matches; null if it is no hash."""
    return func.regexp_substr(password_hash, literal_column(f"'{HASH_KIND}'"))


Index("users_hash_kind_idx", hash_kind(User.password_hash))


class ReleasedUsername(Base):
    """A username that an account gave up, by renaming or deletion: others may have it after a while.

    It is a keyed hash of the name in lower case, because the name of a deleted account is personal data.
    """

    __tablename__ = "released_usernames"

    name_digest: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    released_at: Mapped[Instant] = mapped_column(index=True)


class AccountDeletion(Base):
    """A deleted account. `receipt` lets its former owner watch the erasure; it cannot be guessed."""

    __tablename__ = "account_deletions"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    receipt: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    deleted_at: Mapped[Instant] = mapped_column(server_default=func.now(), index=True)


class DeletionConfirmation(Base):
    """A receiver that must erase the account; it sets `confirmed_at` by acknowledging the event of the deletion.

    `jti` is that event, by which the previous release confirms; None if the receiver's stream was disabled.
    """

    __tablename__ = "deletion_confirmations"

    user_id: Mapped[UUID] = mapped_column(ForeignKey(AccountDeletion.user_id, ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[str] = mapped_column(
        ForeignKey("identity.clients.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    jti: Mapped[UUID | None] = mapped_column(unique=True)
    confirmed_at: Mapped[Instant | None]
