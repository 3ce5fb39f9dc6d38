"""The permissions that services declare, for people who edit roles."""

from collections.abc import Sequence
from typing import NamedTuple

from identity_service.services import repository
from watchword.database.database import Database


class DeclaredPermission(NamedTuple):
    """A permission, what it allows in words for people, and the audience of the service that reads it."""

    permission: str
    text: str
    audience: str


class Permissions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[DeclaredPermission]:
        """Every permission, in alphabetical order."""
        rows = await self._database.reads.fetch_rows(repository.PERMISSIONS)
        return [DeclaredPermission(*row) for row in rows]
