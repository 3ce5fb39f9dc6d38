"""The table of clients."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime

import asyncpg
from sqlalchemy import ColumnElement, Text, any_, bindparam, func, literal, or_, select
from sqlalchemy.dialects.postgresql import array, insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.errors import ClientNotFound
from identity_service.clients.models import Client, ClientRow, ClientUse, ClientWithScopes
from identity_service.clients.values import ClientView
from identity_service.services.models import ServiceScope
from watchword.database.statements import Statement

_SCOPES = (
    select(array([ServiceScope.audience, ServiceScope.scope]))
    .where(ServiceScope.audience == any_(ClientRow.audiences))
    .correlate(ClientRow)
    .scalar_subquery()
)
BY_ID = Statement(
    select(
        *(getattr(ClientRow, field.name) for field in fields(Client)),
        func.array(_SCOPES),
    ).where(ClientRow.id == bindparam("client_id", type_=Text))
)
"""A client and, in pairs, the audience and the name of each scope of its audiences; `client_of` reads it."""


def _has_origin(uri: ColumnElement[str]) -> ColumnElement[bool]:
    origin = bindparam("origin", type_=Text)
    return or_(uri == origin, *(func.starts_with(uri, origin.concat(separator)) for separator in "/?"))


BY_ORIGIN = Statement(
    select(ClientRow.id)
    .where(_has_origin(func.unnest(ClientRow.redirect_uris).column_valued("uri", joins_implicitly=True)))
    .limit(1)
)
"""A client that has registered a redirect URI with this origin. Origins are registered as browsers send them."""


def client_of(row: asyncpg.Record) -> ClientWithScopes:
    """The client in a row of `BY_ID`."""
    *columns, scopes = row
    scopes_by_audience: dict[str, set[str]] = {}
    for audience, scope in scopes:
        scopes_by_audience.setdefault(audience, set()).add(scope)
    return ClientWithScopes(Client(*columns), scopes_by_audience)


async def find_for_update(db: AsyncSession, client_id: str) -> ClientRow | None:
    """The client, its row locked until the transaction ends."""
    return await db.get(ClientRow, client_id, with_for_update=True)


async def get_for_update(db: AsyncSession, client_id: str) -> ClientRow:
    """The client, its row locked until the transaction ends. Raises ClientNotFound."""
    row = await find_for_update(db, client_id)
    if row is None:
        raise ClientNotFound(f"there is no client {client_id}")
    return row


async def list_all(db: AsyncSession) -> Sequence[Client]:
    rows = await db.scalars(select(ClientRow).order_by(ClientRow.id))
    return [row.as_client() for row in rows]


async def list_for_update(db: AsyncSession) -> Sequence[ClientRow]:
    """All clients, their rows locked until the transaction ends."""
    return (await db.scalars(select(ClientRow).order_by(ClientRow.id).with_for_update())).all()


async def ids_with_scopes(db: AsyncSession, scopes: Collection[str]) -> Sequence[str]:
    """The ids of clients that may ask for one of these scopes, in alphabetical order."""
    wanted = ClientRow.scopes.overlap(list(scopes))
    return (await db.scalars(select(ClientRow.id).where(wanted).order_by(ClientRow.id))).all()


async def ids_with_audience(db: AsyncSession, audience: str) -> Sequence[str]:
    """The ids of clients that may ask for tokens with this audience, in alphabetical order."""
    wanted = literal(audience) == any_(ClientRow.audiences)
    return (await db.scalars(select(ClientRow.id).where(wanted).order_by(ClientRow.id))).all()


async def insert_missing(db: AsyncSession, client: Client) -> bool:
    """Insert the client, unless its id exists. Whether this call has inserted it."""
    statement = insert(ClientRow).values(asdict(client)).on_conflict_do_nothing(index_elements=[ClientRow.id])
    return await db.scalar(statement.returning(ClientRow.id)) is not None


async def find_for_share(db: AsyncSession, client_id: str) -> str | None:
    """The id of the client if there is one, which is not deleted before the transaction ends."""
    statement = select(ClientRow.id).where(ClientRow.id == client_id)
    return await db.scalar(statement.with_for_update(read=True, key_share=True))


async def list_page(db: AsyncSession, after: str, limit: int) -> Sequence[ClientView]:
    """Clients whose ids follow this one, with the uses of their secrets."""
    following = select(ClientRow).where(ClientRow.id > after).order_by(ClientRow.id).limit(limit)
    return await _with_uses(db, (await db.scalars(following)).all())


async def find_view(db: AsyncSession, client_id: str) -> ClientView | None:
    """The client, with the uses of its secrets."""
    row = await db.get(ClientRow, client_id)
    return (await _with_uses(db, [row]))[0] if row is not None else None


async def _with_uses(db: AsyncSession, rows: Sequence[ClientRow]) -> Sequence[ClientView]:
    used_at: dict[str, dict[bytes, datetime]] = {row.id: {} for row in rows}
    for use in await db.scalars(select(ClientUse).where(ClientUse.client_id.in_(used_at))):
        used_at[use.client_id][use.secret_hash] = use.used_at
    return [ClientView(row.as_client(), row.created_at, used_at[row.id]) for row in rows]
