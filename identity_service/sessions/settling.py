"""Settling the sessions of an earlier release before their client changes."""

from uuid import UUID

from identity_service.clients.models import Client
from identity_service.sessions import repository
from watchword.database.database import Database


async def settle_names_scopes(database: Database, client: Client) -> None:
    """Write down for each open session of an earlier release whether the client asked for its scopes by name; it did
    unless the session has all scopes of the client.

    In portions, each in its own transaction: after an upgrade, every open session is one of these.
    """
    after: UUID | None = UUID(int=0)
    while after is not None:
        async with database.begin() as db:
            after = await repository.settle_names_scopes(db, client.id, client.scopes, after)
