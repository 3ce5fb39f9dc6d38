"""Accounts that await the verification of their address, and the stand-ins of those whose address is taken.

A registration must not tell whether its address has an account. If it has one, a stand-in is stored: an account that
awaits its verification for ever, has the username that was registered and nothing else, and so withholds that name from
others exactly as an account does that waits at a free address.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.errors import UserNotFound
from identity_service.users import repository as users
from identity_service.users.models import User
from identity_service.users.normal_form import without_case
from watchword.database import locks

_DOMAIN: Final = "stand-in.invalid"
NO_HASH: Final = "*"
"""No password matches it. A sign-in with the name takes as long as with any other."""

IS_STAND_IN: Final[ColumnElement[bool]] = and_(User.awaits_verification, User.email.endswith(f"@{_DOMAIN}"))
"""Nobody registers an address of this domain, which is reserved (RFC 6761 section 6.4)."""


def is_stand_in(user: User) -> bool:
    """Whether this is nobody's account: it only withholds a name."""
    return user.awaits_verification and user.email.endswith(f"@{_DOMAIN}")


def account_holder(user: User | None) -> User:
    """The user whose account it is. Raises UserNotFound if there is none, also for a stand-in."""
    if user is None or is_stand_in(user):
        raise UserNotFound
    return user


class StandIns:
    """The accounts at an address that nobody has shown to be theirs. `digest` is a keyed hash."""

    def __init__(self, digest: Callable[[str], bytes]) -> None:
        self._digest = digest

    def address_for(self, email: str) -> str:
        """The address of the stand-in for this one. Nobody can receive letters there, nor guess or type it."""
        return f"{self._digest(without_case(email)).hex()}@{_DOMAIN}"

    def awaits(self, email: str) -> ColumnElement[bool]:
        """The condition for the account at this address, or its stand-in, that awaits verification."""
        addresses = func.lower(email), self.address_for(email)
        return func.lower(User.email).in_(addresses) & User.awaits_verification

    async def lock(self, db: AsyncSession, email: str) -> None:
        """Have others who register or take this address wait until the transaction ends."""
        await locks.lock(db, self._lock_name(email))

    async def lock_each(self, db: AsyncSession, emails: Iterable[str]) -> None:
        """Do what `lock` does, for each of the addresses."""
        await locks.lock_each(db, [self._lock_name(email) for email in emails])

    def _lock_name(self, email: str) -> str:
        return f"identity.address {self.address_for(email)}"

    async def delete_awaiting(self, db: AsyncSession, email: str) -> None:
        """Delete the account at this address that awaits its verification, or the stand-in, so that its name is free.
        It never signed in, so that nothing else knows it. The address must be locked."""
        await db.execute(delete(User).where(self.awaits(email)))

    async def insert(
        self, db: AsyncSession, values: Mapping[str, Any], created_at: datetime | None = None
    ) -> User | None:
        """Insert the stand-in for the account with these values; None if the username is taken. The address must be
        locked, and nothing there may await its verification.

        `created_at` is when the account was registered that it stands in for; default: now.
        """
        own = {
            "username": values["username"],
            "email": self.address_for(values["email"]),
            "password_hash": NO_HASH,
            "awaits_verification": True,
        }
        return await users.insert_unless_taken(db, own if created_at is None else {**own, "created_at": created_at})

    async def replace(self, db: AsyncSession, email: str) -> None:
        """Take the address from the account that awaits its verification, if there is one, for somebody who has shown
        that it is theirs. A stand-in withholds its name for the rest of the time: who registered it learns nothing."""
        await self.lock(db, email)
        is_there = func.lower(User.email) == func.lower(email), User.awaits_verification
        row = (await db.execute(delete(User).where(*is_there).returning(User.username, User.created_at))).one_or_none()
        if row is not None:
            await self.insert(db, {"username": row.username, "email": email}, row.created_at)
