"""The table of idempotency keys."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.authors.models import Author
from posts_service.tables import Base, Instant

LIFETIME: Final = timedelta(hours=24)
"""How long the answer to a key is repeated. After that the key counts as never used."""


class IdempotencyKey(Base):
    """A key that a person has sent with a change, and the answer. `digest` is of the operation and the body.

    The row is inserted before the change and gets its answer after it, in one transaction: no other sees it without.
    """

    __tablename__ = "idempotency_keys"

    person_id: Mapped[UUID] = mapped_column(ForeignKey(Author.id, ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes]
    status: Mapped[int | None]
    answer: Mapped[bytes | None]
    location: Mapped[str | None]
    etag: Mapped[str | None]
    created_at: Mapped[Instant] = mapped_column(index=True)
