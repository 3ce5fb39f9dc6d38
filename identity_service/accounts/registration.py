"""Registering accounts."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.hints import hints
from identity_service.accounts.models import Account
from identity_service.accounts.schemas import Registration
from identity_service.errors import EmailTaken, HashingBusy, UsernameTaken
from identity_service.letters import LetterKind
from identity_service.limits import Limits
from identity_service.links import repository as links
from identity_service.links.models import LinkKind
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.acts import record_act
from identity_service.recording.cause import BY_COMMAND_LINE, Cause
from identity_service.roles import repository as roles
from identity_service.roles.errors import RoleUnknown
from identity_service.users import repository as users
from identity_service.users.models import User
from identity_service.users.passwords import Passwords
from identity_service.users.stand_ins import StandIns
from identity_service.users.usernames import Usernames
from watchword.clock import Clock
from watchword.database.database import Database


class Registrations:
    """Registers accounts. With `must_verify`, an account signs in only after a link that is sent to its address was
    used, and no answer tells which addresses have an account: not even the answers to later registrations do, since a
    stand-in holds the name that was registered for an address that is taken."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        usernames: Usernames,
        letters: AccountLetters,
        clock: Clock,
        *,
        stand_ins: StandIns,
        limits: Limits,
        must_verify: bool,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._usernames = usernames
        self._letters = letters
        self._clock = clock
        self._stand_ins = stand_ins
        self._limits = limits
        self._must_verify = must_verify

    async def register(self, registration: Registration) -> Account | None:
        """Register an account and send a link that verifies its address. An account with the same address that still
        awaits that is replaced, and a link that resets its password is valid for this one. If the address has had as
        many letters as the limit allows, none is sent: the link that was sent last verifies the account that this call
        makes.

        None if addresses must be verified, whether or not the address is taken; if it is, its owner gets a letter that
        says so, and only the username is stored. Raises UsernameTaken, UsernameReserved, WeakPassword, LimitReached;
        EmailTaken if addresses need not be verified.
        """
        self._usernames.ensure_not_reserved(registration.username)
        values = await self._charged_values(registration)
        values |= {"awaits_verification": self._must_verify}
        kind = LetterKind.VERIFY_ADDRESS
        # The charge is one for both kinds of letters: only the reader knows whether the address was free or taken.
        async with self._limits.letter_to(registration.email, kind) as is_allowed, self._database.begin() as db:
            await self._stand_ins.lock(db, registration.email)
            former = await links.find_by_kind(db, self._stand_ins.awaits(registration.email))
            user = await self._insert(db, values)
            is_free = user is not None
            user = user or await self._insert_stand_in(db, values)
            await self._usernames.ensure_not_withheld(db, user.username, user.id, self._clock.now())
            await roles.replace(db, user.id, [roles.DEFAULT_ROLE])
            # Who replaces a registration again and again must not keep out who reads the letters there.
            await links.transfer(db, former.get(LinkKind.PASSWORD_RESET) if is_free else None, user.id)
            if is_allowed:
                await self._send_letter(db, user, None if is_free else registration.email)
            else:
                await links.transfer(db, former.get(LinkKind.VERIFICATION), user.id)
            return None if self._must_verify else Account(user, await roles.of_user(db, user.id))

    async def create(
        self,
        registration: Registration,
        *extra_roles: str,
        must_change_password: bool = False,
        cause: Cause = BY_COMMAND_LINE,
    ) -> Account:
        """Make an account with the default role and these, which signs in without a verified address, for the operator,
        who may choose any name that is free at present. With `must_change_password`, its password is an initial one.

        Raises UsernameTaken, EmailTaken, WeakPassword, RoleUnknown.
        """
        values = await self._values(registration)
        async with self._database.begin() as db:
            if unknown := await roles.find_unknown(db, extra_roles):
                raise RoleUnknown(f"there is no role {', '.join(unknown)}")
            await self._stand_ins.lock(db, registration.email)
            user = await self._insert(db, values)
            if user is None:
                await _ensure_username_free(db, registration.username)
                raise EmailTaken
            if must_change_password:
                user.set_initial_password(user.password_hash, self._clock.now())
            await roles.replace(db, user.id, {roles.DEFAULT_ROLE, *extra_roles})
            account = Account(user, await roles.of_user(db, user.id))
            after = {"roles": list(account.roles.roles), "must_change_password": must_change_password}
            record_act(db, cause, "user.created", user.id, before=None, after=after)
            return account

    async def _charged_values(self, registration: Registration) -> dict[str, Any]:
        """Charge the registration, and return the columns of the account. If the hashing queue is full, the charge is
        given back."""
        await self._limits.ensure_may_register()
        try:
            return await self._values(registration)
        except HashingBusy:
            await self._limits.give_back_registration()
            raise

    async def _values(self, registration: Registration) -> dict[str, Any]:
        """The columns of the account. The password is hashed also if a name is taken: both answers must take equally
        long."""
        await self._passwords.ensure_strong(registration.password, hints(registration))
        return {
            "username": registration.username,
            "email": registration.email,
            "full_name": registration.full_name,
            "password_hash": await self._passwords.hash(registration.password),
        }

    async def _insert(self, db: AsyncSession, values: dict[str, Any]) -> User | None:
        """The account that these values make; None, with nothing stored, if its name or its address is taken. The
        address must be locked."""
        await self._stand_ins.delete_awaiting(db, values["email"])
        user = await users.insert_unless_taken(db, values)
        # Asked after the row was inserted: until then another account may be giving the address up.
        if user is not None and await links.is_reserved(db, user.email, self._clock.now()):
            await db.delete(user)
            await db.flush()  # so that the name is free for the stand-in
            return None
        return user

    async def _insert_stand_in(self, db: AsyncSession, values: dict[str, Any]) -> User:
        """What is stored instead of an account whose address is taken. Raises UsernameTaken; EmailTaken if addresses
        need not be verified."""
        if (stand_in := await self._stand_ins.insert(db, values)) is None:
            raise UsernameTaken
        if not self._must_verify:
            await self._usernames.ensure_not_withheld(db, stand_in.username, stand_in.id, self._clock.now())
            raise EmailTaken
        return stand_in

    async def _send_letter(self, db: AsyncSession, user: User, taken_email: str | None) -> None:
        """Send the link to the user's address or, if the user is a stand-in, tell the owner of the address that is
        taken."""
        now = self._clock.now()
        if taken_email is None:
            await self._letters.send_link(db, LetterKind.VERIFY_ADDRESS, user.id, now)
            return
        owner = await users.find_by_email(db, taken_email)
        may_get_letters = owner is not None and owner.is_active and not owner.awaits_verification
        await self._letters.send_address_taken_for(db, user.id, owner if may_get_letters else None, now)


async def _ensure_username_free(db: AsyncSession, username: str) -> None:
    """Raise UsernameTaken: it is the answer also if the address is taken as well."""
    if await users.is_username_taken(db, username):
        raise UsernameTaken
