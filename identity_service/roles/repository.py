"""The tables of roles."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, distinct, exists, func, insert, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.roles.models import Role, RolePermission, UserRole


@dataclass(frozen=True, slots=True)
class RolesAndPermissions:
    """What a person has been given, in alphabetical order."""

    roles: list[str]
    permissions: list[str]


_GRANTED = (
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
    """Whether anybody has it."""
    return await db.scalar(select(exists().where(UserRole.role == role))) or False


async def granted_to(db: AsyncSession, user_id: UUID) -> RolesAndPermissions:
    row = (await db.execute(_GRANTED.where(UserRole.user_id == user_id))).one()
    return RolesAndPermissions(roles=list(row.roles), permissions=list(row.permissions))


async def unknown_names(db: AsyncSession, names: Collection[str]) -> list[str]:
    known = set((await db.scalars(select(Role.name).where(Role.name.in_(names)))).all())
    return sorted(set(names) - known)


async def replace(db: AsyncSession, user_id: UUID, names: Collection[str]) -> None:
    await db.execute(delete(UserRole).where(UserRole.user_id == user_id))
    if names:
        await db.execute(insert(UserRole), [{"user_id": user_id, "role": name} for name in sorted(set(names))])
