"""The tables of roles."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import delete, distinct, exists, func, insert, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.roles.models import Role, RolePermission, RolesAndPermissions, UserRole

DEFAULT_ROLE: Final = "user"
"""The role of every new account."""

_ROLES_AND_PERMISSIONS = (
    select(
        func.coalesce(func.array_agg(distinct(UserRole.role)), []).label("roles"),
        func.coalesce(
            func.array_agg(aggregate_order_by(distinct(RolePermission.permission), RolePermission.permission)).filter(
                RolePermission.permission.is_not(None)
            ),
            [],
        ).label("permissions"),
    )
    .select_from(UserRole)
    .outerjoin(RolePermission, RolePermission.role == UserRole.role)
)


async def is_held(db: AsyncSession, role: str) -> bool:
    """Whether any user has the role."""
    return await db.scalar(select(exists().where(UserRole.role == role))) or False


async def of_user(db: AsyncSession, user_id: UUID) -> RolesAndPermissions:
    """The roles of a user, with their permissions; both empty for a user without roles."""
    row = (await db.execute(_ROLES_AND_PERMISSIONS.where(UserRole.user_id == user_id))).one()
    return RolesAndPermissions(roles=list(row.roles), permissions=list(row.permissions))


async def find_unknown(db: AsyncSession, names: Collection[str]) -> list[str]:
    """Those of the names that are no role, sorted."""
    known = set((await db.scalars(select(Role.name).where(Role.name.in_(names)))).all())
    return sorted(set(names) - known)


async def replace(db: AsyncSession, user_id: UUID, names: Collection[str]) -> None:
    """Give the user exactly these roles."""
    await db.execute(delete(UserRole).where(UserRole.user_id == user_id))
    if names:
        await db.execute(insert(UserRole), [{"user_id": user_id, "role": name} for name in sorted(set(names))])
