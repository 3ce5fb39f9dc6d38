"""The tables of services, their scopes and their permissions."""

from collections.abc import Collection, Mapping

from sqlalchemy import Text, any_, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.services.models import Service, ServicePermission, ServiceScope
from watchword.database.statements import Statement

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


async def insert_missing(db: AsyncSession, audience: str, name: str) -> None:
    """Insert the service, unless its audience exists."""
    await db.execute(insert(Service).values(audience=audience, name=name).on_conflict_do_nothing())


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
