"""What an administrator decides about an account: its roles, and whether it may be used."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.models import AccessChange, Account, AccountInUse, ChangedAccount
from identity_service.ending import EndReason
from identity_service.errors import UserNotFound
from identity_service.events.enqueueing import NOTHING, Enqueued
from identity_service.obedience.models import Act
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.roles import repository as roles
from identity_service.roles.administrators import ensure_one_remains, is_administrator
from identity_service.roles.errors import RoleUnknown
from identity_service.sessions import repository as sessions
from identity_service.sessions.ending import end_all
from identity_service.users import repository as users
from identity_service.users.models import User
from identity_service.users.stand_ins import account_holder
from watchword.clock import Clock
from watchword.database.database import Database

Expectation = Callable[[Account], None]
"""Raises unless the account, which is locked, is what the caller of a change takes it for."""


class Access:
    """The access that accounts have. Stand-ins are nobody's accounts, and so are not there."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock

    async def get(self, user_id: UUID) -> AccountInUse:
        """An account, and how it is used. Raises UserNotFound."""
        async with self._database.begin() as db:
            user = account_holder(await users.find(db, user_id))
            use = await sessions.use_of(db, user_id, self._clock.now())
            return AccountInUse(Account(user, await roles.of_user(db, user_id)), use)

    async def change(
        self, user_id: UUID, change: AccessChange, cause: Cause, expect: Expectation = lambda _: None
    ) -> ChangedAccount:
        """Give the account exactly these roles; enable it, or disable it and end its sessions. What is so already has
        no effect. A refresh at the same moment gets the old or the new roles, never a mix.

        Raises UserNotFound, RoleUnknown, LastAdministrator, and what `expect` raises.
        """
        async with self._database.begin() as db:
            user = account_holder(await users.find_for_update(db, user_id))
            account = Account(user, await roles.of_user(db, user_id))
            expect(account)
            was_administrator = await is_administrator(db, user_id)
            changes = [
                await self._set_roles(db, account, change.roles, cause),
                await self._set_active(db, user, change.active, cause),
            ]
            enqueued = [one for one in changes if one is not None]
            if enqueued and was_administrator:
                await ensure_one_remains(db)
            account = Account(user, await roles.of_user(db, user_id))
        act = Act(sum(enqueued, NOTHING), cause.actor, str(user_id)) if enqueued else None
        return ChangedAccount(account, act)

    async def _set_roles(
        self, db: AsyncSession, account: Account, names: Sequence[str] | None, cause: Cause
    ) -> Enqueued | None:
        """What the change has enqueued; None if there was nothing to change."""
        if names is None:
            return None
        user, before = account.user, account.roles
        if unknown := await roles.find_unknown(db, names):
            raise RoleUnknown(f"there is no role {', '.join(unknown)}")
        # What a role may do can change meanwhile, and has an event of its own.
        if sorted(set(names)) == sorted(before.roles):
            return None
        await roles.replace(db, user.id, names)
        after = await roles.of_user(db, user.id)
        now = self._clock.now()
        user.outdate_claims(now)
        claims = after.as_claims()
        return await self._recorder.claims_changed(db, now, user, claims, cause, former_roles=before.roles)

    async def _set_active(self, db: AsyncSession, user: User, active: bool | None, cause: Cause) -> Enqueued | None:
        """What the change has enqueued; None if there was nothing to change."""
        if active is None or user.is_active == active:
            return None
        user.is_active = active
        # Whichever of two such events arrives last, the one with the higher version holds.
        user.raise_version()
        now = self._clock.now()
        if active:
            return await self._recorder.enabled(db, now, user, cause)
        ended = await end_all(db, user.id, EndReason.DISABLED, now)
        return await self._recorder.disabled(db, now, user, ended, cause)


def expect_login(login: str) -> Expectation:
    """The account must still have this username or e-mail address: somebody else may have got it since it was looked
    up. Raises UserNotFound."""

    return lambda account: ensure_login(account.user, login)


def ensure_login(user: User, login: str) -> None:
    """Raise UserNotFound unless this is the username or the e-mail address of the user."""
    if not users.has_login(user, login):
        raise UserNotFound(f"there is no user {login}")
