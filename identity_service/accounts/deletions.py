"""Watching the erasure of a deleted account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from identity_service.users import deletions
from watchword.database.database import Database


@dataclass(frozen=True, slots=True)
class ServiceErasure:
    """One service; `confirmed_at` is None until it has erased what it kept of the account."""

    service: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """How far the erasure of one account has come, in every service that was notified of it."""

    deleted_at: datetime
    services: list[ServiceErasure]


class Erasures:
    """What the holder of a receipt may see."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, receipt: UUID) -> Erasure:
        """Raises DeletionNotFound."""
        async with self._database.begin() as db:
            deletion = await deletions.get_by_receipt(db, receipt)
            confirmations = await deletions.confirmations_of(db, deletion.user_id)
        services = [ServiceErasure(one.client_id, one.confirmed_at) for one in confirmations]
        return Erasure(deletion.deleted_at, services)
