"""What can be done with an account."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.schemas import PasswordChange, Registration, UserChanges
from identity_service.errors import (
    EmailTaken,
    PasswordChanged,
    UsernameTaken,
    UserNotFound,
    WeakNewPassword,
    WrongPassword,
)
from identity_service.recording.recorder import Cause, Recorder, by_user
from identity_service.roles import repository as roles
from identity_service.sessions import repository as sessions
from identity_service.sessions.models import EndReason
from identity_service.users import deletions, repository
from identity_service.users.models import User
from identity_service.users.passwords import Passwords
from watchword.database.database import Database, violates
from watchword.errors import NotFound


async def register(database: Database, passwords: Passwords, registration: Registration, *beyond: str) -> User:
    """A new account with the role `user`, and those beyond it. Raises UsernameTaken, EmailTaken, WeakPassword."""
    await passwords.ensure_strong(registration.password, [registration.username, registration.email])
    password_hash = await passwords.hash(registration.password)
    user = User(username=registration.username, email=registration.email, password_hash=password_hash)
    try:
        async with database.begin() as db:
            db.add(user)
            await db.flush()  # the id comes from the database
            await roles.replace(db, user.id, ["user", *beyond])
    except IntegrityError as error:
        raise _taken(error) from error
    return user


async def get_user(database: Database, user_id: UUID) -> User:
    async with database.begin() as db:
        user = await repository.find(db, user_id)
    if user is None:
        raise UserNotFound
    return user


async def get_card(database: Database, user_id: UUID) -> asyncpg.Record:
    card = await database.reads.fetch_row(repository.CARD, user_id=user_id)
    if card is None:
        raise UserNotFound
    return card


async def change_user(
    database: Database, recorder: Recorder, user_id: UUID, changes: UserChanges, now: datetime
) -> User:
    """Change what is given. Raises UsernameTaken."""
    try:
        async with database.begin() as db:
            user = await repository.find_for_update(db, user_id)
            if user is None:
                raise UserNotFound
            if changes.username is not None and changes.username != user.username:
                user.username = changes.username
                user.updated_at = now
                await db.flush()  # a name that is taken is refused before anything is told of it
                await recorder.renamed(db, now, user_id, user.username, by_user(user_id, "renamed"))
    except IntegrityError as error:
        raise _taken(error) from error
    return user


async def change_password(
    database: Database,
    recorder: Recorder,
    passwords: Passwords,
    user_id: UUID,
    session_id: UUID,
    change: PasswordChange,
    now: datetime,
) -> None:
    """Set another password and end every other session. Raises WrongPassword, WeakNewPassword, PasswordChanged."""
    user = await get_user(database, user_id)
    known_hash = user.password_hash
    right, _ = await passwords.verify(change.current_password, known_hash)
    if not right:
        raise WrongPassword
    await passwords.ensure_strong(change.new_password, [user.username, user.email], WeakNewPassword)
    new_hash = await passwords.hash(change.new_password)
    async with database.begin() as db:
        locked = await repository.find_for_update(db, user_id)
        # The current password was judged against a hash that may have been replaced while the new one was made.
        if locked is None or locked.password_hash != known_hash:
            raise PasswordChanged
        locked.password_hash = new_hash
        locked.updated_at = now
        ended = await sessions.end_all(db, user_id, EndReason.PASSWORD_CHANGED, now, but=session_id)
        await recorder.password_changed(db, now, user_id, ended, by_user(user_id, EndReason.PASSWORD_CHANGED))


async def delete_user(database: Database, recorder: Recorder, user_id: UUID, now: datetime) -> UUID:
    """The account with everything that hangs on it; the receipt by which the erasure elsewhere can be watched.

    Twice is once, and the same receipt.
    """
    async with database.begin() as db:
        user = await repository.find_for_update(db, user_id)
        if user is None:
            return await deletions.get_receipt(db, user_id)
        await db.delete(user)
        return await recorder.deleted(db, now, user_id, by_user(user_id, "account deleted"))


async def set_roles(
    database: Database, recorder: Recorder, login: str, names: Sequence[str], cause: Cause, now: datetime
) -> None:
    """Exactly these roles. Whoever refreshes at this moment gets either the old or the new ones, never a mixture."""
    async with database.begin() as db:
        user = await _get_for_update(db, login)
        if unknown := await roles.unknown_names(db, names):
            raise NotFound(f"there is no role {', '.join(unknown)}")
        before = await roles.granted_to(db, user.id)
        await roles.replace(db, user.id, names)
        after = await roles.granted_to(db, user.id)
        if after != before:
            await recorder.claims_changed(db, now, user, after, cause)


async def set_active(
    database: Database, recorder: Recorder, login: str, active: bool, cause: Cause, now: datetime
) -> None:
    """Close an account, which ends its sessions, or open it again. Twice is once."""
    async with database.begin() as db:
        user = await _get_for_update(db, login)
        if user.is_active == active:
            return
        user.is_active = active
        if active:
            await recorder.enabled(db, now, user.id, cause)
        else:
            ended = await sessions.end_all(db, user.id, EndReason.DISABLED, now)
            await recorder.disabled(db, now, user.id, ended, cause)


async def _get_for_update(db: AsyncSession, login: str) -> User:
    found = await repository.find_by_login(db, login)
    user = await repository.find_for_update(db, found.id) if found is not None else None
    if user is None:
        raise UserNotFound(f"there is no user {login}")
    return user


def _taken(error: IntegrityError) -> Exception:
    if violates(error, "users_username_key"):
        return UsernameTaken()
    if violates(error, "users_email_key"):
        return EmailTaken()
    return error
