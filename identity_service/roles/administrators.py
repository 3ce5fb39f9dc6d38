"""Who is an administrator, and that one always remains.

An act that may take away an administrator reads `is_administrator` before its change and, if that was true, calls
`ensure_one_remains` after it, as the last lock that it takes: two that take each other away come one after the other.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.roles.errors import LastAdministrator
from identity_service.roles.models import RolePermission, UserRole
from identity_service.roles.permissions import ADMINISTER
from identity_service.users.models import User
from identity_service.users.repository import MAY_SIGN_IN
from watchword.database import locks

ADMINISTRATORS: Final = (
    select(UserRole.user_id)
    .join(RolePermission, RolePermission.role == UserRole.role)
    .join(User, User.id == UserRole.user_id)
    .where(RolePermission.permission == ADMINISTER, MAY_SIGN_IN)
)
"""The ids of those who may administer, once for each role that lets them."""


async def is_administrator(db: AsyncSession, user_id: UUID) -> bool:
    """Whether this user may administer: active, and with a role that carries the permission."""
    return await db.scalar(select(exists(ADMINISTRATORS.where(UserRole.user_id == user_id)))) or False


async def any_remains(db: AsyncSession) -> bool:
    """Whether there is an administrator."""
    return await db.scalar(select(exists(ADMINISTRATORS))) or False


async def ensure_one_remains(db: AsyncSession) -> None:
    """Raise LastAdministrator, so that the transaction ends without its change, if that has left no administrator."""
    await locks.lock(db, "identity.administrators")
    # The changes of this transaction must be in the tables; those of others are committed before the lock is got.
    await db.flush()
    if not await any_remains(db):
        raise LastAdministrator
