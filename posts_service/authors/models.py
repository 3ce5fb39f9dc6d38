"""The table of author cards."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from posts_service.tables import Base, Instant


class Author(Base):
    """An author's card. `named_at` is when the token was issued that the name is from: an older one changes nothing."""

    __tablename__ = "authors"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str]
    named_at: Mapped[Instant]
