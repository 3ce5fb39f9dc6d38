"""The table of clients."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.models import Client


async def find(db: AsyncSession, client_id: str) -> Client | None:
    return await db.scalar(select(Client).where(Client.id == client_id))


async def find_for_update(db: AsyncSession, client_id: str) -> Client | None:
    """The client, its row locked until the transaction ends."""
    return await db.get(Client, client_id, with_for_update=True)


async def list_all(db: AsyncSession) -> Sequence[Client]:
    return (await db.scalars(select(Client).order_by(Client.id))).all()


async def list_for_update(db: AsyncSession) -> Sequence[Client]:
    """All clients, their rows locked until the transaction ends."""
    return (await db.scalars(select(Client).order_by(Client.id).with_for_update())).all()


async def insert_missing(db: AsyncSession, client: Client) -> bool:
    """Insert the client, unless its id exists. Whether this call has inserted it."""
    values = {
        "name": client.name,
        "secret_hash": client.secret_hash,
        "grants": client.grants,
        "scopes": client.scopes,
        "audiences": client.audiences,
        "default_audience": client.default_audience,
    }
    statement = insert(Client).values(id=client.id, **values).on_conflict_do_nothing(index_elements=[Client.id])
    return await db.scalar(statement.returning(Client.id)) is not None
