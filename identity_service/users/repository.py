"""The table of users."""

import contextlib
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from identity_service.users.models import SignInUser, User
from identity_service.users.normal_form import normal_email
from watchword.database.statements import Statement

CARD = Statement(
    select(User.id, User.username).where(User.id == bindparam("user_id", type_=User.id.type), User.is_active)
)

_UNCHANGED: Final = (
    User.id == bindparam("user_id", type_=User.id.type),
    User.password_hash == bindparam("password_hash", type_=User.password_hash.type),
    User.is_active,
)
LOCK_UNCHANGED = Statement(select(User.id, User.username, User.version).where(*_UNCHANGED).with_for_update())
"""An active user with this hash, the row locked until the transaction ends. Users are always locked before sessions."""


async def find(db: AsyncSession, user_id: UUID) -> User | None:
    return await db.get(User, user_id)


async def find_for_update(db: AsyncSession, user_id: UUID) -> User | None:
    """The user, its row locked until the transaction ends. Users are always locked before sessions."""
    # The previous holder of the lock may have changed what this transaction has read already.
    return await db.get(User, user_id, with_for_update=True, populate_existing=True)


async def lock_unchanged(db: AsyncSession, user: SignInUser) -> User | None:
    """The user, as `LOCK_UNCHANGED` finds it."""
    statement = select(User).where(*_UNCHANGED).with_for_update()
    return await db.scalar(statement, {"user_id": user.id, "password_hash": user.password_hash})


async def find_by_login(db: AsyncSession, login: str, *, lock: bool = False) -> User | None:
    """The user whom this login names, as `by_login` finds them.

    `lock` keeps the row locked until the transaction ends; the user is the one who has the name once it is locked.
    """
    login = _normal_login(login)
    statement = select(User).where(_is_named(_login_column(login)))
    return await db.scalar(statement.with_for_update() if lock else statement, {"login": login})


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


_BY_LOGIN: Final = {
    column: Statement(select(User.id, User.password_hash, User.is_active).where(_is_named(column)))
    for column in (User.username, User.email)
}
