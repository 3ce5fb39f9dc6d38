"""What can be done with an account."""

from datetime import datetime
from uuid import UUID

import asyncpg
from sqlalchemy.exc import IntegrityError

from identity_service.errors import (
    EmailTaken,
    PasswordChanged,
    UsernameTaken,
    UserNotFound,
    WeakNewPassword,
    WrongPassword,
)
from identity_service.roles import repository as roles
from identity_service.sessions import repository as sessions
from identity_service.sessions.models import EndReason
from identity_service.users import repository
from identity_service.users.models import User
from identity_service.users.passwords import Passwords
from identity_service.users.schemas import PasswordChange, Registration, UserChanges
from shared.database import Database, violates


async def register(database: Database, passwords: Passwords, registration: Registration) -> User:
    """A new account with the role `user`. Raises UsernameTaken, EmailTaken, WeakPassword."""
    await passwords.ensure_strong(registration.password, [registration.username, registration.email])
    password_hash = await passwords.hash(registration.password)
    user = User(username=registration.username, email=registration.email, password_hash=password_hash)
    try:
        async with database.begin() as db:
            db.add(user)
            await db.flush()  # the id comes from the database
            await roles.replace(db, user.id, ["user"])
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
    card = await database.reads.row(repository.CARD, user_id=user_id)
    if card is None:
        raise UserNotFound
    return card


async def change_user(database: Database, user_id: UUID, changes: UserChanges, now: datetime) -> User:
    """Change what is given. Raises UsernameTaken."""
    try:
        async with database.begin() as db:
            user = await repository.find_for_update(db, user_id)
            if user is None:
                raise UserNotFound
            if changes.username is not None and changes.username != user.username:
                user.username = changes.username
                user.updated_at = now
    except IntegrityError as error:
        raise _taken(error) from error
    return user


async def change_password(
    database: Database, passwords: Passwords, user_id: UUID, session_id: UUID, change: PasswordChange, now: datetime
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
        await sessions.end_others(db, user_id, session_id, EndReason.PASSWORD_CHANGED, now)


async def delete_user(database: Database, user_id: UUID) -> None:
    """The account with everything that hangs on it. Twice is once."""
    async with database.begin() as db:
        user = await repository.find_for_update(db, user_id)
        if user is not None:
            await db.delete(user)


def _taken(error: IntegrityError) -> Exception:
    if violates(error, "users_username_key"):
        return UsernameTaken()
    if violates(error, "users_email_key"):
        return EmailTaken()
    return error
