"""The table of links. Everything that changes it but `delete_expired` holds the lock of the user's row.

None of these functions commits.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    LargeBinary,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    exists,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.errors import LinkInvalid
from identity_service.links.lifetimes import LIFETIMES
from identity_service.links.models import IS_SINGLE, IssuedLink, Link, LinkKind
from identity_service.random_tokens import digest_of, make_token
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.portions import delete_portion

_TABLE: Final = cast(Table, Link.__table__)
_COLUMNS: Final = ["kind", "user_id", "digest", "email", "created_at", "expires_at"]
_FROM_USER: Final = select(
    bindparam("link_kind", type_=String),
    User.id,
    bindparam("link_digest", type_=LargeBinary),
    func.coalesce(bindparam("link_email", type_=Text), User.email),
    bindparam("link_created_at", type_=DateTime(timezone=True)),
    bindparam("link_expires_at", type_=DateTime(timezone=True)),
).where(User.id == bindparam("link_user_id", type_=Uuid))
_INSERT: Final = insert(_TABLE).from_select(_COLUMNS, _FROM_USER)
_TRANSFER: Final = insert(_TABLE).from_select(
    _COLUMNS,
    select(*(bindparam(f"link_{name}", type_=_TABLE.c[name].type) for name in _COLUMNS)).where(
        bindparam("link_digest", type_=LargeBinary).is_not(None)
    ),
)
_REPLACING: Final = _INSERT.on_conflict_do_update(
    index_elements=[_TABLE.c.user_id, _TABLE.c.kind],
    index_where=IS_SINGLE,
    set_={name: _INSERT.excluded[name] for name in ("digest", "email", "created_at", "expires_at")},
).returning(_TABLE.c.email)


async def issue(db: AsyncSession, kind: LinkKind, user_id: UUID, now: datetime, email: str | None = None) -> IssuedLink:
    """Make a link. The user must be locked; if there is none, no link is made, which takes as long.

    `email` is the address that the link is about; default: the account's.
    """
    token = make_token()
    expires_at = now + LIFETIMES[kind]
    values = {
        "link_kind": kind.value,
        "link_user_id": user_id,
        "link_digest": digest_of(token),
        "link_email": email,
        "link_created_at": now,
        "link_expires_at": expires_at,
    }
    return IssuedLink(token, expires_at, await db.scalar(_REPLACING, values))


async def read(database: Database, kind: LinkKind, token: str, now: datetime) -> tuple[User, Link]:
    """The link with this token and its user, in a transaction of its own. Raises LinkInvalid."""
    async with database.begin() as db:
        statement = select(User, Link).join(Link, Link.user_id == User.id).where(_has(kind, token))
        row = (await db.execute(statement)).one_or_none()
    if row is None:
        raise LinkInvalid(f"no such link: {kind}")
    user, link = row
    _ensure_usable(user, link, now)
    return user, link


async def use(db: AsyncSession, kind: LinkKind, token: str, clock: Clock) -> tuple[User, Link, datetime]:
    """Use the link with this token up. Returns its user, whose row is locked until the transaction ends, the link, and
    the time, which was read under that lock. Raises LinkInvalid."""
    user, link = None, await db.scalar(select(Link).where(_has(kind, token)))
    while link is not None and (user is None or link.user_id != user.id):
        user = await users.find_for_update(db, link.user_id)
        # Read again: while this request waited for the lock, another one may have used the link, or registered the
        # address, so that the link is that of the account which took the user's place.
        link = await db.scalar(select(Link).where(_has(kind, token)))
    if user is None or link is None:
        raise LinkInvalid(f"no such link: {kind}")
    now = clock.now()
    _ensure_usable(user, link, now)
    await db.execute(delete(Link).where(Link.id == link.id))
    return user, link, now


async def find_by_kind(db: AsyncSession, of_user: ColumnElement[bool]) -> Mapping[str, Link]:
    """The links of the user whom this condition names, by kind: those of the kinds in SINGLE."""
    is_theirs = Link.user_id == User.id, IS_SINGLE
    return {link.kind: link for link in await db.scalars(select(Link).where(*is_theirs, of_user))}


async def transfer(db: AsyncSession, link: Link | None, user_id: UUID) -> None:
    """Make a link of an account that was deleted in this transaction valid for the one that took its place. If it had
    none, nothing happens by the same statement: both cases must take equally long."""
    values = {f"link_{name}": getattr(link, name, None) for name in _COLUMNS}
    await db.execute(_TRANSFER, values | {"link_user_id": user_id})


async def withdraw(db: AsyncSession, user_id: UUID, *kinds: LinkKind) -> None:
    """Make every link of these kinds invalid. The user must be locked."""
    await db.execute(delete(Link).where(Link.user_id == user_id, Link.kind.in_([kind.value for kind in kinds])))


async def withdraw_after(db: AsyncSession, user_id: UUID, link: Link) -> None:
    """Make every link invalid but those by which an address can be restored that were sent before this one. The user
    must be locked, so that the ids, which PostgreSQL makes, are in the order of time."""
    earlier = Link.kind == LinkKind.ADDRESS_UNDO.value, Link.id < link.id
    await db.execute(delete(Link).where(Link.user_id == user_id, ~(earlier[0] & earlier[1])))


async def exists_since(db: AsyncSession, kind: LinkKind, user_id: UUID, since: datetime) -> bool:
    """Whether a link of this kind that can still be used was made for the user after this time."""
    conditions = Link.user_id == user_id, Link.kind == kind.value, Link.created_at > since
    return await db.scalar(select(exists().where(*conditions))) or False


async def find_earliest(db: AsyncSession, kind: LinkKind, user_id: UUID, now: datetime) -> datetime | None:
    """When the earliest link of this kind that can still be used was made for the user, if there is one."""
    conditions = Link.user_id == user_id, Link.kind == kind.value, Link.expires_at > now
    return await db.scalar(select(func.min(Link.created_at)).where(*conditions))


async def is_reserved(db: AsyncSession, email: str, now: datetime, *, except_for: UUID | None = None) -> bool:
    """Whether an account, other than this one, gave this address up and its owner can still restore it."""
    conditions = [
        func.lower(Link.email) == func.lower(email),
        Link.kind == LinkKind.ADDRESS_UNDO.value,
        Link.expires_at > now,
    ]
    if except_for is not None:
        conditions.append(Link.user_id != except_for)
    return await db.scalar(select(exists().where(*conditions))) or False


async def delete_expired(db: AsyncSession, before: datetime) -> int:
    """Delete a portion of the links that expired before this time, and return how many."""
    return await delete_portion(db, Link, Link.expires_at < before, order_by=[Link.expires_at])


def _has(kind: LinkKind, token: str) -> ColumnElement[bool]:
    return (Link.digest == digest_of(token)) & (Link.kind == kind.value)


def _ensure_usable(user: User, link: Link, now: datetime) -> None:
    if link.expires_at <= now:
        raise LinkInvalid(f"the link has expired: {link.kind}")
    if not user.is_active:
        # It can be used again once the account is enabled; until then it shows nothing.
        raise LinkInvalid(f"the account of the link is disabled: {link.kind}")
