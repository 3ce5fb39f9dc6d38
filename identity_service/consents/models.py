"""A consent: what a person lets a client do."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, Texts


class Consent(Base):
    """The scopes that a person has allowed a client, in all of its requests together. First-party clients need none."""

    __tablename__ = "consents"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[str] = mapped_column(
        ForeignKey("identity.clients.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    scopes: Mapped[Texts]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class Application(NamedTuple):
    """A client that somebody has allowed something, on the page of consent or on that of devices, as they see it.
    `last_used_at` is None if it has not had a session of theirs lately."""

    client_id: str
    name: str
    scopes: Sequence[str]
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None

    def plus(self, other: Self) -> Self:
        """This application, with what it was allowed at another time added."""
        return self._replace(
            scopes=sorted({*self.scopes, *other.scopes}),
            created_at=min(self.created_at, other.created_at),
            updated_at=max(self.updated_at, other.updated_at),
        )


def unite_by_client(applications: Iterable[Application]) -> Sequence[Application]:
    """Each client once, with all that it was allowed, in the same order."""
    by_client: dict[str, Application] = {}
    for application in applications:
        former = by_client.get(application.client_id)
        by_client[application.client_id] = application if former is None else former.plus(application)
    return list(by_client.values())
