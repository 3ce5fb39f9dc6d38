"""A record of refused sign-ins."""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant


class Reason(StrEnum):
    CREDENTIALS = "wrong name or password"
    DISABLED = "account disabled"
    UNVERIFIED = "address not verified"
    INITIAL_EXPIRED = "initial password expired"
    SECOND_FACTOR = "wrong second factor"
    PASSKEY = "passkey refused"
    LIMITED = "limit reached"


class RefusedSignIn(Base):
    """The refused sign-ins for one account from one address within one minute.

    `account` is the user's id or, if no user has the login that was typed, a keyed digest of it; it is empty for
    refusals by the limit of an address, whatever the account. `address` is the caller's, for IPv6 the network of 64
    bits. `reason` is that of the latest refusal.
    """

    __tablename__ = "refused_sign_ins"

    account: Mapped[bytes] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[Instant] = mapped_column(primary_key=True, index=True)
    # No foreign key: it would lock the user's row, and only known accounts would wait for that.
    user_id: Mapped[UUID | None]
    reason: Mapped[str]
    count: Mapped[int]


Index("refused_sign_ins_of_user_idx", RefusedSignIn.user_id, postgresql_where=RefusedSignIn.user_id.is_not(None))


class Attempts(NamedTuple):
    """Refused sign-ins that are counted together, by what they have in common.

    `login` is in lower case; None if the caller's address was refused whatever the login. `user_id` is the user with
    this login, if one is known. `address` is the caller's.
    """

    login: str | None
    user_id: UUID | None
    address: str
    reason: Reason
