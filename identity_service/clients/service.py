"""Authenticating clients, and changing what they may ask for."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from identity_service.clients import repository
from identity_service.clients.joint_reads import JointReads
from identity_service.clients.merging import merge
from identity_service.clients.models import (
    Client,
    ClientCredentials,
    ClientWithScopes,
)
from identity_service.clients.uses import ClientUses
from identity_service.errors import ClientNotAuthenticated
from watchword.database.database import Database
from watchword.database.errors import DatabaseUnavailable

_ORIGIN: Final = re.compile(r"https?://[^/?\x00]+")


class Clients:
    """The clients of this installation."""

    def __init__(self, database: Database, uses: ClientUses) -> None:
        self._database = database
        self._uses = uses
        self._joint_reads = JointReads(self._read)

    async def authenticate(self, credentials: ClientCredentials) -> ClientWithScopes:
        """The client that these credentials prove; a public one only states its id. Raises ClientNotAuthenticated."""
        entry = await self._find(credentials.client_id)
        secret_hash = entry.client.matching_hash(credentials.secret) if entry is not None else None
        if entry is None or secret_hash is None:
            raise ClientNotAuthenticated("unknown, or the secret is wrong")
        self._uses.note(entry.client.id, secret_hash)
        return entry

    async def find(self, client_id: str) -> Client | None:
        entry = await self._find(client_id)
        return entry.client if entry is not None else None

    async def find_with_scopes(self, client_id: str) -> ClientWithScopes | None:
        """The client, with the scopes of its audiences."""
        return await self._find(client_id)

    async def may_call_from(self, origin: str) -> bool:
        """Whether pages of this origin may call the endpoints of clients: one of them has a redirect URI there. No page
        may while the database does not answer."""
        if not _ORIGIN.fullmatch(origin):
            return False
        try:
            return await self._database.reads.fetch_row(repository.BY_ORIGIN, origin=origin) is not None
        except DatabaseUnavailable:
            return False

    async def list_all(self) -> Sequence[Client]:
        async with self._database.begin() as db:
            return await repository.list_all(db)

    async def upsert(self, client: Client) -> None:
        """Insert the client, or replace everything that the client with its id may do, and its secret."""
        async with self._database.begin() as db:
            await repository.insert_missing(db, client)
            existing = await repository.find_for_update(db, client.id)
            if existing is not None:
                existing.replace_by(client)

    async def merge(self, client: Client) -> None:
        """Insert the client; if its id exists, add what it lacks, and set its secret unless it has that one already."""
        async with self._database.begin() as db:
            if not await repository.insert_missing(db, client):
                row = await repository.get_for_update(db, client.id)
                row.replace_by(merge(row.as_client(), client))

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
