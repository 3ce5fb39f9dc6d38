"""Which client asks, and what it may be given."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.models import Client
from identity_service.oauth.errors import InvalidClient, InvalidScope, InvalidTarget, UnauthorizedClient
from identity_service.oauth.request import Credentials
from watchword.database.database import Database


async def identify(database: Database, credentials: Credentials) -> Client:
    """The client, once it has proved to be itself; a public one only says so. Raises InvalidClient."""
    client = None
    if "\x00" not in credentials.client_id:
        async with database.begin() as db:
            client = await find(db, credentials.client_id)
    if client is None or not client.is_authenticated_by(credentials.secret):
        raise InvalidClient("unknown, or the secret is wrong")
    return client


async def authenticate(database: Database, credentials: Credentials, grant_type: str) -> Client:
    """The same where it may use this grant. Raises InvalidClient, UnauthorizedClient."""
    client = await identify(database, credentials)
    if grant_type not in client.grants:
        raise UnauthorizedClient(f"{client.id} has no grant {grant_type}")
    return client


async def get(database: Database, client_id: str) -> Client:
    """A client that the set-up made. Raises InvalidClient where it did not."""
    async with database.begin() as db:
        client = await find(db, client_id)
    if client is None:
        raise InvalidClient(f"there is no client {client_id}; run the set-up")
    return client


def scopes_within(asked: str | None, allowed: Sequence[str]) -> list[str]:
    """The scopes asked for, or all that are allowed where none is asked for. Raises InvalidScope (section 3.3)."""
    if asked is None:
        return list(allowed)
    scopes = sorted(set(asked.split(" ")) - {""})
    if not scopes or not set(scopes) <= set(allowed):
        raise InvalidScope("none, or more than allowed")
    return scopes


def audiences_within(resources: Sequence[str], allowed: Sequence[str]) -> list[str]:
    """The audiences asked for by `resource`, or all that are allowed. Raises InvalidTarget (RFC 8707)."""
    if not set(resources) <= set(allowed):
        raise InvalidTarget("more than allowed")
    return sorted(set(resources)) or list(allowed)


async def find(db: AsyncSession, client_id: str) -> Client | None:
    return await db.scalar(select(Client).where(Client.id == client_id))


async def ensure(database: Database, client: Client) -> None:
    """Make this client; where there is one with its id, give that the secret, and what it lacks of grants, scopes and
    audiences, and take nothing away."""
    async with database.begin() as db:
        found = await db.get(Client, client.id, with_for_update=True)
        if found is None:
            db.add(client)
            return
        found.secret_hash = client.secret_hash
        found.grants = sorted({*found.grants, *client.grants})
        found.scopes = sorted({*found.scopes, *client.scopes})
        found.audiences = sorted({*found.audiences, *client.audiences})


async def keep(database: Database, client: Client) -> None:
    """Make this client, or make the one with its id like it."""
    values = {
        "name": client.name,
        "secret_hash": client.secret_hash,
        "grants": client.grants,
        "scopes": client.scopes,
        "audiences": client.audiences,
    }
    async with database.begin() as db:
        statement = insert(Client).values(id=client.id, **values)
        await db.execute(statement.on_conflict_do_update(index_elements=[Client.id], set_=values))


async def extend(database: Database, client_id: str, scopes: Sequence[str], audiences: Sequence[str]) -> bool:
    """Let a client ask for more. False where there is no such client."""
    async with database.begin() as db:
        client = await db.get(Client, client_id, with_for_update=True)
        if client is None:
            return False
        client.scopes = sorted({*client.scopes, *scopes})
        client.audiences = sorted({*client.audiences, *audiences})
    return True
