"""The tables of roles."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    delete,
    distinct,
    exists,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from identity_service.roles.models import Role, RolePermission, RolesAndPermissions, RoleVersion, UserRole
from identity_service.roles.values import RoleView
from identity_service.services.models import ServicePermission
from identity_service.users.models import User
from watchword.database import locks
from watchword.database.portions import PORTION, delete_portion
from watchword.database.statements import Statement

DEFAULT_ROLE: Final = "user"
"""The role of every new account."""

VERSION = select(func.coalesce(func.max(RoleVersion.version), 0)).scalar_subquery()
"""How often any role of the installation has changed."""

CHANGED_ROLE = Statement(
    select(RoleVersion.role)
    .where(
        RoleVersion.role == func.any(bindparam("roles", type_=ARRAY(Text))),
        RoleVersion.version > bindparam("version", type_=RoleVersion.version.type),
    )
    .limit(1)
)
"""One of these roles that has changed since this version."""

_ROLES_AND_PERMISSIONS = (
    select(
        func.coalesce(func.array_agg(distinct(UserRole.role)), []).label("roles"),
        func.coalesce(
            func.array_agg(aggregate_order_by(distinct(RolePermission.permission), RolePermission.permission)).filter(
                RolePermission.permission.is_not(None)
            ),
            [],
        ).label("permissions"),
        VERSION.label("version"),
    )
    .select_from(UserRole)
    .outerjoin(RolePermission, RolePermission.role == UserRole.role)
)


_NAME: Final = bindparam("name", type_=Text)
_permissions: Final = (
    select(RolePermission.permission)
    .where(RolePermission.role == Role.name)
    .order_by(RolePermission.permission)
    .correlate(Role)
    .scalar_subquery()
)
_ROLES: Final = select(
    Role.name, Role.description, func.array(_permissions).label("permissions"), Role.requires_second_factor
)
ROLE: Final = Statement(_ROLES.where(Role.name == _NAME))
PAGE: Final = Statement(_ROLES.where(Role.name > _NAME).order_by(Role.name).limit(bindparam("limit", type_=Integer())))
"""The roles whose names follow this one."""


def must_add_second_factor(
    user_id: InstrumentedAttribute[UUID], has_second_factor: InstrumentedAttribute[bool]
) -> ColumnElement[bool]:
    """Whether a role of the user in the row requires a second factor, and the account has none."""
    requires = exists().where(UserRole.user_id == user_id, UserRole.role == Role.name, Role.requires_second_factor)
    return and_(~has_second_factor, requires)


async def must_add_now(db: AsyncSession, user_id: UUID) -> bool:
    """Whether this user must add a second factor."""
    statement = select(must_add_second_factor(User.id, User.has_second_factor)).where(User.id == user_id)
    return await db.scalar(statement) or False


async def is_held(db: AsyncSession, role: str) -> bool:
    """Whether any user has the role."""
    return await db.scalar(select(exists().where(UserRole.role == role))) or False


def select_for_user(user_id: UUID | BindParameter[UUID]) -> Select[list[str], list[str], int]:
    """The members of RolesAndPermissions for a user, in one row; the lists of a user without roles are empty.

    One statement, so that the version belongs to the permissions.
    """
    return _ROLES_AND_PERMISSIONS.where(UserRole.user_id == user_id)


async def of_user(db: AsyncSession, user_id: UUID) -> RolesAndPermissions:
    """The roles of a user, with their permissions; both empty for a user without roles."""
    row = (await db.execute(select_for_user(user_id))).one()
    return RolesAndPermissions(roles=list(row.roles), permissions=list(row.permissions), version=row.version)


async def find_unknown(db: AsyncSession, names: Collection[str]) -> list[str]:
    """Those of the names that are no role, sorted. The others are not deleted before this transaction ends."""
    statement = select(Role.name).where(Role.name.in_(names)).order_by(Role.name)
    known = set((await db.scalars(statement.with_for_update(read=True, key_share=True))).all())
    return sorted(set(names) - known)


async def replace(db: AsyncSession, user_id: UUID, names: Collection[str]) -> None:
    """Give the user exactly these roles."""
    await db.execute(delete(UserRole).where(UserRole.user_id == user_id))
    if names:
        await db.execute(insert(UserRole), [{"user_id": user_id, "role": name} for name in sorted(set(names))])


async def lock(db: AsyncSession) -> None:
    """Keep others from changing what roles may do until this transaction ends; it can still be read."""
    await locks.lock(db, "identity.roles")


async def find_for_update(db: AsyncSession, name: str) -> Role | None:
    """The role, its row locked until the transaction ends: nobody is given the role meanwhile."""
    return await db.get(Role, name, with_for_update=True)


async def with_permissions_for_update(db: AsyncSession, permissions: Collection[str]) -> Sequence[Role]:
    """The roles that have one of these permissions, in the order of their names, their rows locked until the
    transaction ends."""
    names = select(RolePermission.role).where(RolePermission.permission.in_(permissions))
    return (await db.scalars(select(Role).where(Role.name.in_(names)).order_by(Role.name).with_for_update())).all()


async def view_of(db: AsyncSession, role: Role) -> RoleView:
    permissions = sorted(await permissions_of(db, role.name))
    return RoleView(role.name, role.description, permissions, role.requires_second_factor)


async def permissions_of(db: AsyncSession, name: str) -> set[str]:
    return set((await db.scalars(select(RolePermission.permission).where(RolePermission.role == name))).all())


async def find_unknown_permissions(db: AsyncSession, permissions: Collection[str]) -> list[str]:
    """Those of the permissions that are no service's, sorted."""
    statement = select(ServicePermission.permission).where(ServicePermission.permission.in_(permissions))
    return sorted(set(permissions) - set((await db.scalars(statement)).all()))


async def replace_permissions(db: AsyncSession, name: str, permissions: Collection[str]) -> None:
    """Give the role exactly these permissions."""
    await db.execute(delete(RolePermission).where(RolePermission.role == name))
    if permissions:
        rows = [{"role": name, "permission": permission} for permission in sorted(set(permissions))]
        await db.execute(insert(RolePermission), rows)


async def insert_missing(db: AsyncSession, role: RoleView) -> bool:
    """Insert the role with its permissions, unless its name exists. Whether this call has inserted it."""
    values = {
        "name": role.name,
        "description": role.description,
        "requires_second_factor": role.requires_second_factor,
    }
    statement = upsert(Role).values(values).on_conflict_do_nothing(index_elements=[Role.name])
    if await db.scalar(statement.returning(Role.name)) is None:
        return False
    await replace_permissions(db, role.name, role.permissions)
    return True


async def delete_role(db: AsyncSession, role: Role) -> None:
    """Delete the role, and take it from everybody who has it. Its row must be locked.

    No statement takes long, however many have it, and nothing that reads or issues a token waits for the transaction.
    """
    while await delete_portion(db, UserRole, UserRole.role == role.name) == PORTION:
        pass
    # Those whose roles somebody else was changing.
    await db.execute(delete(UserRole).where(UserRole.role == role.name))
    await db.delete(role)


async def raise_version(db: AsyncSession, name: str) -> int:
    """Note that the role has changed, and return the version that it changed with. `lock` must be held."""
    statement = upsert(RoleVersion).values(role=name, version=VERSION + 1)
    statement = statement.on_conflict_do_update(
        index_elements=[RoleVersion.role], set_={"version": statement.excluded.version}
    )
    return (await db.execute(statement.returning(RoleVersion.version))).scalar_one()
