"""Watching the erasure of a deleted account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from identity_service.users import deletions
from watchword.database.database import Database


@dataclass(frozen=True, slots=True)
class ServiceErasure:
    """The erasure in one service; `confirmed_at` is null until the service has confirmed it."""

    service: Annotated[str, Field(examples=["posts"])]
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """The erasure of one account in every service that was notified of its deletion."""

    deleted_at: datetime
    services: list[ServiceErasure]


class Erasures:
    """Shows the erasure of an account to those who hold its receipt."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, receipt: UUID) -> Erasure:
        """Raises DeletionNotFound."""
        async with self._database.begin() as db:
            deletion = await deletions.get_by_receipt(db, receipt)
            receivers = await deletions.receivers_of(db, deletion.user_id)
        services = [ServiceErasure(receiver.client_id, receiver.confirmed_at) for receiver in receivers]
        return Erasure(deletion.deleted_at, services)
