"""A consent: what a person lets a client do."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
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
    """A client that somebody has allowed something, as they see it. `last_used_at` is None if it has not had a session
    of theirs lately."""

    client_id: str
    name: str
    scopes: Sequence[str]
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None
