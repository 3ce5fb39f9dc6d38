"""The table of users."""

import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, and_, any_, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from identity_service.users.models import SignInUser, User
from identity_service.users.normal_form import normal_email, without_case
from watchword.database.portions import delete_portion
from watchword.database.statements import Statement

MAY_SIGN_IN: Final = and_(User.is_active, ~User.awaits_verification)
"""A process of the previous release starts sessions of accounts that await verification: no other honours them."""

MAY_GET_SESSIONS: Final = and_(MAY_SIGN_IN, ~User.must_change_password)
"""A user with an initial password signs on at the pages, to change it, and in no application."""

CARD = Statement(select(User.id, User.username).where(User.id == bindparam("user_id", type_=User.id.type), MAY_SIGN_IN))

CLAIMS = Statement(
    select(
        User.username,
        User.full_name,
        User.email,
        User.email_verified_at.is_not(None).label("is_verified"),
        User.updated_at,
    ).where(User.id == bindparam("user_id", type_=User.id.type), MAY_SIGN_IN)
)
"""What an application that a person has signed in to may know of them."""

UNCHANGED: Final = (
    User.id == bindparam("user_id", type_=User.id.type),
    User.password_hash == bindparam("password_hash", type_=User.password_hash.type),
    User.has_second_factor == bindparam("has_second_factor", type_=User.has_second_factor.type),
    MAY_SIGN_IN,
)
"""A user who may sign in, as a sign-in has found them: with this password, and with a second factor or without. One
that is added during a sign-in is not missed. `unchanged` makes the arguments."""


def unchanged(user: SignInUser) -> dict[str, Any]:
    return {"user_id": user.id, "password_hash": user.password_hash, "has_second_factor": user.has_second_factor}


async def find(db: AsyncSession, user_id: UUID) -> User | None:
    return await db.get(User, user_id)


async def find_for_update(db: AsyncSession, user_id: UUID) -> User | None:
    """The user, its row locked until the transaction ends. Users are always locked before sessions."""
    # The previous holder of the lock may have changed what this transaction has read already.
    return await db.get(User, user_id, with_for_update=True, populate_existing=True)


async def lock_unchanged(db: AsyncSession, user: SignInUser) -> User | None:
    """The user if it is `UNCHANGED`, the row locked until the transaction ends. Users are always locked before
    sessions."""
    statement = select(User).where(*UNCHANGED).with_for_update()
    return await db.scalar(statement, unchanged(user))


async def lock_permitted(db: AsyncSession, user_id: UUID) -> User | None:
    """The user if they may get sessions now, the row locked until the transaction ends."""
    statement = select(User).where(User.id == user_id, MAY_GET_SESSIONS).with_for_update()
    return await db.scalar(statement.execution_options(populate_existing=True))


async def find_by_login(db: AsyncSession, login: str, *, lock: bool = False) -> User | None:
    """The user whom this login names, as `by_login` finds them.

    `lock` keeps the row locked until the transaction ends; the user is the one who has the name once it is locked.
    """
    login = _normal_login(login)
    statement = select(User).where(_is_named(_login_column(login)))
    return await db.scalar(statement.with_for_update() if lock else statement, {"login": login})


def has_login(user: User, login: str) -> bool:
    """Whether this login names the user, as `by_login` finds them."""
    login = _normal_login(login)
    return without_case(user.email if "@" in login else user.username) == without_case(login)


async def find_by_email(db: AsyncSession, email: str, *, lock: bool = False) -> User | None:
    """The user with this address, which is in its normal form; `lock` as in `find_by_login`."""
    statement = select(User).where(func.lower(User.email) == func.lower(email))
    return await db.scalar(statement.with_for_update() if lock else statement)


async def is_username_taken(db: AsyncSession, username: str) -> bool:
    return await db.scalar(select(exists().where(func.lower(User.username) == func.lower(username)))) or False


async def insert_unless_taken(db: AsyncSession, values: Mapping[str, Any]) -> User | None:
    """Insert a user, or nothing, and return None, if the username or the address is taken."""
    statement = insert(User).values(**values).on_conflict_do_nothing().returning(User)
    return await db.scalar(statement)


async def delete_long_awaiting(db: AsyncSession, before: datetime) -> int:
    """Delete a portion of the accounts that were registered before this time and still await verification; return how
    many."""
    is_over = and_(User.awaits_verification, User.created_at < before)
    return await delete_portion(db, User, is_over, order_by=[User.created_at])


_IS_IN_LOGINS: Final = [
    func.lower(column) == any_(bindparam("logins", type_=ARRAY(Text))) for column in (User.username, User.email)
]
BY_LOGINS = Statement(select(User.id, User.username, User.email).where(or_(*_IS_IN_LOGINS)))
"""The users who have one of these names or addresses, which are in lower case."""


def by_login(login: str) -> tuple[Statement, str]:
    """The statement that finds the user with this username or, if it contains an @, with this e-mail address, in any
    Unicode form; and its argument `login`. The columns are those of SignInUser."""
    login = _normal_login(login)
    return _BY_LOGIN[_login_column(login)], login


def _normal_login(login: str) -> str:
    """Addresses are stored in their normal form. Text that is no address is looked up too, and finds nobody."""
    if "@" in login:
        with contextlib.suppress(ValueError):
            return normal_email(login)
    return login


def _login_column(login: str) -> InstrumentedAttribute[str]:
    return User.email if "@" in login else User.username


def _is_named(column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    return func.lower(column) == func.lower(bindparam("login", type_=column.type))


SIGN_IN_COLUMNS: Final = (
    User.id,
    User.password_hash,
    User.is_active,
    User.awaits_verification,
    User.must_change_password,
    User.initial_password_expires_at,
    User.password_checked_at,
    User.email_verified_at.is_not(None).label("has_verified_address"),
    User.has_second_factor,
)
"""The members of SignInUser."""
_BY_LOGIN: Final = {
    column: Statement(select(*SIGN_IN_COLUMNS).where(_is_named(column))) for column in (User.username, User.email)
}
