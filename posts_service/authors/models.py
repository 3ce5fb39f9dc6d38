"""An author's card."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from posts_service.tables import Base, Instant


class Author(Base):
    """`named_at` is when the token was issued that this name comes from: an older token does not bring a name back."""

    __tablename__ = "authors"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str]
    named_at: Mapped[Instant]
