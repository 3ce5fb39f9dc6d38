"""Authenticating clients, and changing what they may ask for."""

from collections.abc import Collection, Sequence

from identity_service.clients import repository
from identity_service.clients.drafts import ClientExtension
from identity_service.clients.models import FIRST_PARTY_CLIENT, Client, ClientCredentials
from identity_service.errors import ClientExists, ClientNotAuthenticated, ClientNotFound, NotSetUp
from watchword.database.database import Database


class Clients:
    """The clients of this installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def authenticate(self, credentials: ClientCredentials) -> Client:
        """The client that these credentials prove; a public one only states its id. Raises ClientNotAuthenticated."""
        client = await self._find(credentials.client_id)
        if client is None or not client.is_authenticated_by(credentials.secret):
            raise ClientNotAuthenticated("unknown, or the secret is wrong")
        return client

    async def first_party(self) -> Client:
        """The client of our own pages, which the set-up makes. Raises NotSetUp."""
        client = await self._find(FIRST_PARTY_CLIENT)
        if client is None:
            raise NotSetUp(f"there is no client {FIRST_PARTY_CLIENT}; run the set-up")
        return client

    async def find(self, client_id: str) -> Client | None:
        async with self._database.begin() as db:
            return await repository.find(db, client_id)

    async def list_all(self) -> Sequence[Client]:
        async with self._database.begin() as db:
            return await repository.list_all(db)

    async def insert(self, client: Client) -> None:
        """Raises ClientExists if there is a client with this id."""
        async with self._database.begin() as db:
            if not await repository.insert_missing(db, client):
                raise ClientExists(f"there is a client {client.id} already")

    async def upsert(self, client: Client) -> None:
        """Insert the client, or replace everything that the client with its id may do, and its secret."""
        async with self._database.begin() as db:
            await repository.insert_missing(db, client)
            existing = await repository.find_for_update(db, client.id)
            if existing is not None:
                existing.replace_by(client)

    async def merge(self, client: Client) -> None:
        """Insert the client; if its id exists, set its secret and its default audience, and add the grants, scopes and
        audiences that it lacks."""
        async with self._database.begin() as db:
            await repository.insert_missing(db, client)
            existing = await repository.find_for_update(db, client.id)
            if existing is not None:
                existing.secret_hash = client.secret_hash
                existing.grants = _union(existing.grants, client.grants)
                existing.scopes = _union(existing.scopes, client.scopes)
                existing.audiences = _union(existing.audiences, client.audiences)
                existing.default_audience = client.default_audience

    async def extend(self, client_id: str, extension: ClientExtension) -> Client:
        """Let a client ask for these scopes and audiences too. Raises ClientNotFound."""
        async with self._database.begin() as db:
            client = await repository.find_for_update(db, client_id)
            if client is None:
                raise ClientNotFound(f"there is no client {client_id}")
            extension.extend(client)
            return client

    async def choose_default_audiences(self, issuer: str) -> None:
        """Give each client without a default audience its first that is not the issuer's, or its only one."""
        async with self._database.begin() as db:
            for client in await repository.list_for_update(db):
                if client.default_audience is None and client.audiences:
                    others = (audience for audience in client.audiences if audience != issuer)
                    client.default_audience = next(others, client.audiences[0])

    async def _find(self, client_id: str) -> Client | None:
        if "\x00" in client_id:
            return None
        async with self._database.begin() as db:
            return await repository.find(db, client_id)


def _union(present: Collection[str], added: Collection[str]) -> list[str]:
    return sorted({*present, *added})
