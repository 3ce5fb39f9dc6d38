"""The table of users."""

import contextlib
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.users.models import User
from identity_service.users.normal_form import normal_email
from watchword.database.statements import Statement

CARD = Statement(
    select(User.id, User.username).where(User.id == bindparam("user_id", type_=User.id.type), User.is_active)
)


async def find(db: AsyncSession, user_id: UUID) -> User | None:
    return await db.get(User, user_id)


async def find_for_update(db: AsyncSession, user_id: UUID) -> User | None:
    """The user, its row locked until the transaction ends. Users are always locked before sessions."""
    # The previous holder of the lock may have changed what this transaction has read already.
    return await db.get(User, user_id, with_for_update=True, populate_existing=True)


async def find_for_share(db: AsyncSession, user_id: UUID) -> User | None:
    """The user, its row locked in share mode: until this transaction ends, no other can disable the user or change its
    roles."""
    return await db.get(User, user_id, with_for_update={"read": True})


async def find_by_login(db: AsyncSession, login: str, *, lock: bool = False) -> User | None:
    """The user with this username or, if it contains an @, with this e-mail address, in any Unicode form.

    `lock` keeps the row locked until the transaction ends; the user is the one who has the name once it is locked.
    """
    if "@" in login:
        with contextlib.suppress(ValueError):
            # Addresses are stored in their normal form. Text that is no address is looked up too, and finds nobody.
            login = normal_email(login)
    column = User.email if "@" in login else User.username
    statement = select(User).where(func.lower(column) == func.lower(login))
    return await db.scalar(statement.with_for_update() if lock else statement)
