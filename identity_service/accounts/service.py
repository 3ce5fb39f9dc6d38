"""Accounts: reading, changing and deleting them."""

from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.models import Account, DeletedAccount
from identity_service.accounts.schemas import UserChanges
from identity_service.errors import UsernameTaken, UserNotFound
from identity_service.obedience.models import Act
from identity_service.recording.cause import Cause, by_user
from identity_service.recording.recorder import Recorder
from identity_service.refused_sign_ins import repository as refused_sign_ins
from identity_service.roles import repository as roles
from identity_service.roles.administrators import ensure_one_remains, is_administrator
from identity_service.sessions.cleanup import delete_unusable_of
from identity_service.sign_ons import repository as sign_ons
from identity_service.users import deletions
from identity_service.users import repository as users
from identity_service.users.expectations import Expectation, expect_anything
from identity_service.users.models import AccountState, User
from identity_service.users.stand_ins import is_stand_in
from identity_service.users.usernames import Usernames
from watchword.clock import Clock
from watchword.database.database import Database, violates
from watchword.database.portions import delete_in_portions


class Accounts:
    """The accounts of all users. Times are read while the user's row is locked."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock, usernames: Usernames) -> None:
        self._database = database
        self._usernames = usernames
        self._recorder = recorder
        self._clock = clock

    async def get(self, user_id: UUID) -> Account:
        """Raises UserNotFound."""
        async with self._database.begin() as db:
            user = await users.find(db, user_id)
            if user is None:
                raise UserNotFound
            return Account(user, await roles.of_user(db, user_id))

    async def get_card(self, user_id: UUID) -> asyncpg.Record:
        """What everybody may know of an active user. Raises UserNotFound."""
        card = await self._database.reads.fetch_row(users.CARD, user_id=user_id)
        if card is None:
            raise UserNotFound
        return card

    async def change(self, user_id: UUID, changes: UserChanges) -> Account:
        """Change the members that were sent. Raises UsernameTaken, UsernameReserved."""
        try:
            async with self._database.begin() as db:
                user = await users.find_for_update(db, user_id)
                if user is None:
                    raise UserNotFound
                await self._apply(db, user, changes)
                return Account(user, await roles.of_user(db, user_id))
        except IntegrityError as error:
            raise _taken(error) from error

    async def find_id(self, login: str) -> UUID:
        """The account that this username or e-mail address names. Raises UserNotFound."""
        async with self._database.begin() as db:
            user = await users.find_by_login(db, login)
        if user is None:
            raise UserNotFound(f"there is no user {login}")
        return user.id

    async def delete(
        self, user_id: UUID, cause: Cause | None = None, expect: Expectation = expect_anything
    ) -> DeletedAccount:
        """Delete the account with everything that belongs to it; without a cause, because its owner wants it. Deleting
        twice returns the same receipt. Raises UserNotFound, LastAdministrator, and what `expect` raises of the user."""
        cause = cause or by_user(user_id, "account deleted")
        # In transactions of their own: a user may have more of them than one statement can delete in its time.
        await delete_unusable_of(self._database, user_id, self._clock.now())
        await delete_in_portions(self._database, partial(refused_sign_ins.delete_of, user_id=user_id))
        async with self._database.begin() as db:
            user = await users.find_for_update(db, user_id)
            if user is None or is_stand_in(user):
                return DeletedAccount(await deletions.get_receipt(db, user_id), None)
            expect(user)
            was_administrator = await is_administrator(db, user_id)
            state = AccountState.of(user.is_active, user.awaits_verification)
            before = {"roles": (await roles.of_user(db, user_id)).roles, "state": state}
            # Before their sessions, as whoever ends a sign-on does.
            await sign_ons.lock_all(db, user_id)
            await self._recorder.sessions_deleted(db, user_id)
            await db.delete(user)
            await refused_sign_ins.delete_of(db, user_id)
            now = self._clock.now()
            await self._usernames.release(db, user.username, user_id, now)
            receipt, enqueued = await self._recorder.deleted(db, now, user_id, cause, before=before)
            if was_administrator:
                await ensure_one_remains(db)
        return DeletedAccount(receipt, Act(enqueued, cause.actor, str(user_id)))

    async def _apply(self, db: AsyncSession, user: User, changes: UserChanges) -> None:
        now = self._clock.now()
        if changes.username is not None and changes.username != user.username:
            await self._rename(db, user, changes.username, now)
            await self._recorder.renamed(db, now, user.id, user.username, by_user(user.id, "renamed"))
        if "full_name" in changes.model_fields_set and changes.full_name != user.full_name:
            user.full_name = changes.full_name
            user.updated_at = now
            self._recorder.full_name_changed(db, user.id, by_user(user.id, "full name changed"))

    async def _rename(self, db: AsyncSession, user: User, username: str, now: datetime) -> None:
        """Give the user this name. Names that differ in case alone are one."""
        former, user.username = user.username, username
        user.updated_at = now
        is_same = former.lower() == username.lower()
        if not is_same:
            self._usernames.ensure_not_reserved(username)
        await db.flush()  # a name that is taken is refused before any event of it is recorded
        if not is_same:
            await self._usernames.ensure_not_withheld(db, username, user.id, now)
            await self._usernames.take_back(db, username, user.id)
            await self._usernames.release(db, former, user.id, now)


def _taken(error: IntegrityError) -> Exception:
    """The domain's error for a violated constraint; the error itself if the constraint is another one."""
    if violates(error, "users_username_key"):
        return UsernameTaken()
    return error
