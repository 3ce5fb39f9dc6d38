"""The tables of services, their scopes and their permissions."""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, Text, any_, bindparam, delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, array, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from identity_service.services.drafts import Directory
from identity_service.services.models import Service, ServicePermission, ServiceScope
from watchword.database import locks
from watchword.database.statements import Statement

_LOCK: Final = "identity.services"

AUDIENCES_OF_CLIENT = Statement(
    select(Service.audience).where(Service.client_id == bindparam("client_id", type_=Service.client_id.type))
)

TEXTS = Statement(
    select(Service.name, ServiceScope.scope, ServiceScope.description)
    .join(Service, Service.audience == ServiceScope.audience)
    .where(ServiceScope.scope == any_(bindparam("scopes", type_=ARRAY(Text))))
    .order_by(func.lower(Service.name), Service.audience, ServiceScope.scope)
)
"""The texts of these scopes, service by service."""

PERMISSIONS = Statement(
    select(ServicePermission.permission, ServicePermission.description, ServicePermission.audience).order_by(
        ServicePermission.permission
    )
)


def _texts_of(words: InstrumentedAttribute[str], table: type[ServiceScope | ServicePermission]) -> Any:
    """The words of a service with their texts, in alphabetical order."""
    pairs = select(array([words, table.description])).where(table.audience == Service.audience).order_by(words)
    return func.array(pairs.correlate(Service).scalar_subquery())


_SERVICES: Final = select(
    Service.id,
    Service.audience,
    Service.name,
    Service.client_id,
    _texts_of(ServiceScope.scope, ServiceScope).label("scopes"),
    _texts_of(ServicePermission.permission, ServicePermission).label("permissions"),
)
_ID: Final = bindparam("id", type_=Service.id.type)
SERVICE: Final = Statement(_SERVICES.where(Service.id == _ID))
PAGE: Final = Statement(
    _SERVICES.where(Service.id > _ID).order_by(Service.id).limit(bindparam("limit", type_=Integer()))
)
"""The services that were made after this one."""


async def lock(db: AsyncSession) -> None:
    """Let no client get a scope or an audience until this transaction ends, so that it may take some from services.
    Taken before the rows of services and clients."""
    await locks.lock(db, _LOCK)


async def lock_shared(db: AsyncSession) -> None:
    """Keep every service, and its scopes, until this transaction ends, so that a client may get them. Taken before the
    rows of services and clients."""
    await locks.lock_shared(db, _LOCK)


async def find_for_update(db: AsyncSession, service_id: UUID) -> Service | None:
    """The service with this id, its row locked until the transaction ends."""
    return await db.scalar(select(Service).where(Service.id == service_id).with_for_update())


async def find_id(db: AsyncSession, audience: str) -> UUID | None:
    """The id of the service with this audience."""
    return await db.scalar(select(Service.id).where(Service.audience == audience))


async def scopes_of(db: AsyncSession, audience: str) -> dict[str, str]:
    """The scopes of a service with their texts, in alphabetical order."""
    statement = select(ServiceScope.scope, ServiceScope.description).where(ServiceScope.audience == audience)
    return {row.scope: row.description for row in await db.execute(statement.order_by(ServiceScope.scope))}


async def permissions_of(db: AsyncSession, audience: str) -> dict[str, str]:
    """The permissions of a service with their texts, in alphabetical order."""
    columns = ServicePermission.permission, ServicePermission.description
    statement = select(*columns).where(ServicePermission.audience == audience).order_by(ServicePermission.permission)
    return {row.permission: row.description for row in await db.execute(statement)}


async def delete_words(
    db: AsyncSession, audience: str, *, scopes: Collection[str] = (), permissions: Collection[str] = ()
) -> None:
    """Take these scopes and permissions from the service."""
    of_scopes = ServiceScope.audience == audience, ServiceScope.scope.in_(scopes)
    await db.execute(delete(ServiceScope).where(*of_scopes))
    of_permissions = ServicePermission.audience == audience, ServicePermission.permission.in_(permissions)
    await db.execute(delete(ServicePermission).where(*of_permissions))


async def get_for_update(db: AsyncSession, audience: str) -> Service:
    """The service, its row locked until the transaction ends."""
    return await db.get_one(Service, audience, with_for_update=True)


async def list_audiences(db: AsyncSession) -> Collection[str]:
    return (await db.scalars(select(Service.audience).order_by(Service.audience))).all()


async def audience_by_scope(db: AsyncSession) -> Mapping[str, str]:
    """The audience of every scope that a service has."""
    rows = await db.execute(select(ServiceScope.scope, ServiceScope.audience))
    return {row.scope: row.audience for row in rows}


async def audience_by_permission(db: AsyncSession) -> Mapping[str, str]:
    """The audience of every permission that a service has."""
    rows = await db.execute(select(ServicePermission.permission, ServicePermission.audience))
    return {row.permission: row.audience for row in rows}


async def directory(db: AsyncSession) -> Directory:
    return Directory(await list_audiences(db), await audience_by_scope(db), await audience_by_permission(db))


async def insert_missing(db: AsyncSession, audience: str, name: str) -> bool:
    """Insert the service, unless its audience exists. Whether this call has inserted it."""
    statement = insert(Service).values(audience=audience, name=name).on_conflict_do_nothing()
    return await db.scalar(statement.returning(Service.audience)) is not None


async def upsert_scopes(db: AsyncSession, audience: str, texts: Mapping[str, str], *, keep_texts: bool) -> list[str]:
    """Make these scopes the service's. `keep_texts` leaves a text that a scope has already.

    With `keep_texts` a scope of another service moves to this one; otherwise it stays, and is returned.
    """
    rows = [{"scope": scope, "audience": audience, "description": text} for scope, text in sorted(texts.items())]
    return await _upsert(db, ServiceScope, "scope", rows, keep_texts)


async def upsert_permissions(
    db: AsyncSession, audience: str, texts: Mapping[str, str], *, keep_texts: bool
) -> list[str]:
    """Make these permissions the service's, as `upsert_scopes` does with scopes."""
    rows = [{"permission": word, "audience": audience, "description": text} for word, text in sorted(texts.items())]
    return await _upsert(db, ServicePermission, "permission", rows, keep_texts)


async def assign_scope(db: AsyncSession, scope: str, audience: str) -> None:
    """Make this scope the service's, unless it belongs to one already. It has no text yet."""
    values = {"scope": scope, "audience": audience, "description": ""}
    await db.execute(insert(ServiceScope).values(values).on_conflict_do_nothing())


async def _upsert(
    db: AsyncSession, table: type[ServiceScope | ServicePermission], key: str, rows: list[dict[str, str]], keep: bool
) -> list[str]:
    """Returns the words that belong to another service and stay there."""
    if not rows:
        return []
    statement = insert(table).values(rows)
    text = statement.excluded.description
    present = func.nullif(table.description, "")
    values = {"audience": statement.excluded.audience, "description": func.coalesce(present, text) if keep else text}
    own = None if keep else table.audience == statement.excluded.audience
    statement = statement.on_conflict_do_update(index_elements=[key], set_=values, where=own)
    saved = (await db.scalars(statement.returning(literal_column(key, Text)))).all()
    return sorted({row[key] for row in rows}.difference(saved))
