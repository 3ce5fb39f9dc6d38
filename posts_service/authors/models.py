"""An author's card."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from posts_service.tables import Base, Instant


class Author(Base):
    """`named_at` is when the newest token was issued that said this name: an older one does not bring another back."""

    __tablename__ = "authors"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str]
    named_at: Mapped[Instant]
