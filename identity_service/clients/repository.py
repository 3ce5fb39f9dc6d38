"""The table of clients."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.models import Client


async def find(db: AsyncSession, client_id: str) -> Client | None:
    return await db.scalar(select(Client).where(Client.id == client_id))


async def find_for_update(db: AsyncSession, client_id: str) -> Client | None:
    """The client, its row locked until the transaction ends."""
    return await db.get(Client, client_id, with_for_update=True)


async def upsert(db: AsyncSession, client: Client) -> None:
    values = {
        "name": client.name,
        "secret_hash": client.secret_hash,
        "grants": client.grants,
        "scopes": client.scopes,
        "audiences": client.audiences,
    }
    statement = insert(Client).values(id=client.id, **values)
    await db.execute(statement.on_conflict_do_update(index_elements=[Client.id], set_=values))
