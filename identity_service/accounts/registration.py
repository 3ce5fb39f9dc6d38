"""Registering accounts."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.hints import hints
from identity_service.accounts.models import Account
from identity_service.accounts.schemas import Registration
from identity_service.errors import EmailTaken, UsernameTaken
from identity_service.letters import LetterKind
from identity_service.limits import Limits
from identity_service.links import repository as links
from identity_service.recording.account_letters import AccountLetters
from identity_service.roles import repository as roles
from identity_service.users import repository as users
from identity_service.users.models import User
from identity_service.users.passwords import Passwords
from identity_service.users.usernames import Usernames
from watchword.clock import Clock
from watchword.database.database import Database

_NOBODY: Final = UUID(int=0)


class Registrations:
    """Registers accounts. With `must_verify`, an account signs in only after a link that is sent to its address was
    used, and no answer tells which addresses have an account."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        usernames: Usernames,
        letters: AccountLetters,
        clock: Clock,
        *,
        limits: Limits,
        must_verify: bool,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._usernames = usernames
        self._letters = letters
        self._clock = clock
        self._limits = limits
        self._must_verify = must_verify

    async def register(self, registration: Registration) -> Account | None:
        """Register an account and send a link that verifies its address. An account with the same address that still
        awaits that is replaced.

        None if addresses must be verified, whether or not the address is taken; if it is, its owner gets a letter that
        says so, and nothing of the registration is stored. Raises UsernameTaken, UsernameReserved, WeakPassword,
        LimitReached; EmailTaken if addresses need not be verified.
        """
        self._usernames.ensure_not_reserved(registration.username)
        await self._ensure_strong(registration)
        await self._limits.ensure_may_register()
        values = await self._values(registration)
        async with self._database.begin() as db:
            user = await self._insert(db, values | {"awaits_verification": self._must_verify})
            if user is None:
                await self._refuse_taken(db, registration)
                return None
            now = self._clock.now()
            await self._usernames.ensure_not_withheld(db, user.username, user.id, now)
            await self._letters.send_link(db, LetterKind.VERIFY_ADDRESS, user.id, now)
            return None if self._must_verify else Account(user, await roles.of_user(db, user.id))

    async def create(self, registration: Registration, *extra_roles: str) -> Account:
        """Make an account with the default role and these, which signs in without a verified address, for the operator,
        who may choose any name that is free at present.

        Raises UsernameTaken, EmailTaken, WeakPassword.
        """
        await self._ensure_strong(registration)
        values = await self._values(registration)
        async with self._database.begin() as db:
            user = await self._insert(db, values, *extra_roles)
            if user is None:
                await _ensure_username_free(db, registration.username)
                raise EmailTaken
            return Account(user, await roles.of_user(db, user.id))

    async def _ensure_strong(self, registration: Registration) -> None:
        await self._passwords.ensure_strong(registration.password, hints(registration))

    async def _values(self, registration: Registration) -> dict[str, Any]:
        """The columns of the account. The password is hashed also if a name is taken: both answers must take equally
        long."""
        return {
            "username": registration.username,
            "email": registration.email,
            "full_name": registration.full_name,
            "password_hash": await self._passwords.hash(registration.password),
        }

    async def _insert(self, db: AsyncSession, values: dict[str, Any], *extra_roles: str) -> User | None:
        """The account that these values make; None, with nothing stored, if its name or its address is taken."""
        await users.delete_awaiting(db, values["email"])
        user = await users.insert_unless_taken(db, values)
        if user is None:
            return None
        # Asked after the row was inserted: until then another account may be giving the address up.
        if await links.is_reserved(db, user.email, self._clock.now()):
            await db.delete(user)
            await db.flush()  # so that the look-ups that follow do not see it
            return None
        await roles.replace(db, user.id, [roles.DEFAULT_ROLE, *extra_roles])
        return user

    async def _refuse_taken(self, db: AsyncSession, registration: Registration) -> None:
        """Raise UsernameTaken or EmailTaken, or write to the owner of the address."""
        await _ensure_username_free(db, registration.username)
        # A name that others gave up is refused as for a free address: the answer must not tell which it is.
        await self._usernames.ensure_not_withheld(db, registration.username, _NOBODY, self._clock.now())
        if not self._must_verify:
            raise EmailTaken
        owner = await users.find_by_email(db, registration.email)
        owner_id = owner.id if owner is not None and owner.is_active else None
        await self._letters.send_address_taken(db, owner_id)


async def _ensure_username_free(db: AsyncSession, username: str) -> None:
    """Raise UsernameTaken: it is the answer also if the address is taken as well."""
    if await users.is_username_taken(db, username):
        raise UsernameTaken
