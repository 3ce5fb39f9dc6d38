"""Authenticating clients, and changing what they may ask for."""

from collections.abc import Collection, Mapping, Sequence

from identity_service.clients import repository
from identity_service.clients.drafts import ClientExtension
from identity_service.clients.joint_reads import JointReads
from identity_service.clients.models import FIRST_PARTY_CLIENT, Client, ClientCredentials, ClientWithScopes
from identity_service.errors import ClientExists, ClientNotAuthenticated, ClientNotFound, NotSetUp
from watchword.database.database import Database


class Clients:
    """The clients of this installation."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._joint_reads = JointReads(self._read)

    async def authenticate(self, credentials: ClientCredentials) -> ClientWithScopes:
        """The client that these credentials prove; a public one only states its id. Raises ClientNotAuthenticated."""
        entry = await self._find(credentials.client_id)
        if entry is None or not entry.client.is_authenticated_by(credentials.secret):
            raise ClientNotAuthenticated("unknown, or the secret is wrong")
        return entry

    async def first_party(self) -> ClientWithScopes:
        """The client of our own pages, which the set-up makes. Raises NotSetUp."""
        entry = await self._find(FIRST_PARTY_CLIENT)
        if entry is None:
            raise NotSetUp(f"there is no client {FIRST_PARTY_CLIENT}; run the set-up")
        return entry

    async def find(self, client_id: str) -> Client | None:
        entry = await self._find(client_id)
        return entry.client if entry is not None else None

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
        """Insert the client; if its id exists, set its secret, and add the grants, scopes, audiences and default
        audience that it lacks."""
        async with self._database.begin() as db:
            await repository.insert_missing(db, client)
            existing = await repository.find_for_update(db, client.id)
            if existing is not None:
                existing.secret_hash = client.secret_hash
                existing.grants = _union(existing.grants, client.grants)
                existing.scopes = _union(existing.scopes, client.scopes)
                existing.audiences = _union(existing.audiences, client.audiences)
                existing.default_audience = existing.default_audience or client.default_audience
                existing.is_first_party = existing.is_first_party or client.is_first_party

    async def extend(self, client_id: str, extension: ClientExtension) -> Client:
        """Let a client ask for these scopes and audiences too. Raises ClientNotFound."""
        async with self._database.begin() as db:
            client = await repository.find_for_update(db, client_id)
            if client is None:
                raise ClientNotFound(f"there is no client {client_id}")
            extension.extend(client)
            return client.as_client()

    async def choose_default_audiences(self, issuer: str, audience_by_scope: Mapping[str, str]) -> None:
        """Choose a default audience for each client that has none, or gets no scope of the one that it has: the first
        that it gets a scope of and that is not the issuer's, if there is one."""
        async with self._database.begin() as db:
            for client in await repository.list_for_update(db):
                useful = {audience_by_scope.get(scope) for scope in client.scopes}.intersection(client.audiences)
                if client.default_audience is None or (useful and client.default_audience not in useful):
                    preferred = [audience for audience in client.audiences if audience in useful - {issuer}]
                    others = [audience for audience in client.audiences if audience in useful or not useful]
                    client.default_audience = next(iter([*preferred, *others]), None)

    async def _find(self, client_id: str) -> ClientWithScopes | None:
        """The client, read after this call began: a copy could show a secret or a scope that the client no longer has.
        Calls in the same turn of the event loop share one reading."""
        return await self._joint_reads.get(client_id) if "\x00" not in client_id else None

    async def _read(self, client_id: str) -> ClientWithScopes | None:
        row = await self._database.reads.fetch_row(repository.BY_ID, client_id=client_id)
        return repository.client_of(row) if row is not None else None


def _union(present: Collection[str], added: Collection[str]) -> list[str]:
    return sorted({*present, *added})
