"""The statements of an import of accounts, each for a portion of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.links.models import Link, LinkKind
from identity_service.roles.models import UserRole
from identity_service.users.models import User


class Holder(NamedTuple):
    """Who has a name or an address, which are in lower case."""

    id: UUID
    username: str
    email: str
    awaits_verification: bool


async def holders(db: AsyncSession, usernames: Collection[str], addresses: Collection[str]) -> Sequence[Holder]:
    """Who has one of these names or addresses, which are in lower case."""
    username, email = func.lower(User.username), func.lower(User.email)
    columns = User.id, username.label("username"), email.label("email"), User.awaits_verification
    rows = await db.execute(select(*columns).where(or_(username.in_(usernames), email.in_(addresses))))
    return [Holder(*row) for row in rows]


async def reserved(db: AsyncSession, addresses: Collection[str], now: datetime) -> set[str]:
    """Those of the addresses, in lower case, that an account gave up and whose owner can still restore them."""
    address = func.lower(Link.email)
    is_open = Link.kind == LinkKind.ADDRESS_UNDO.value, Link.expires_at > now
    return set((await db.scalars(select(address).where(address.in_(addresses), *is_open))).all())


async def delete_awaiting(db: AsyncSession, user_ids: Collection[UUID]) -> None:
    """Delete those of the accounts that still await the verification of their address."""
    await db.execute(delete(User).where(User.id.in_(user_ids), User.awaits_verification))


async def insert_free(db: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> dict[str, UUID]:
    """Insert the accounts whose name and address are free; return their ids by their names."""
    statement = insert(User).values([dict(row) for row in rows]).on_conflict_do_nothing()
    return {row.username: row.id for row in await db.execute(statement.returning(User.id, User.username))}


async def give_roles(db: AsyncSession, roles_by_user: Mapping[UUID, Collection[str]]) -> None:
    """Give each of these users, who have none, these roles."""
    pairs = {(user_id, role) for user_id, roles in roles_by_user.items() for role in roles}
    if pairs:
        await db.execute(
            plain_insert(UserRole), [{"user_id": user_id, "role": role} for user_id, role in sorted(pairs)]
        )
