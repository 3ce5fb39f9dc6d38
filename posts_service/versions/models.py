"""The table of former versions of posts."""

from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.tables import Base, Instant


class PostVersion(Base):
    """What a post was before an edit. `editor_id` is who had written that version, None if their account is deleted;
    `summary` is None if the author gave none."""

    __tablename__ = "post_versions"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.posts.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]
    summary: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(String))
    state: Mapped[str]
    editor_id: Mapped[UUID | None] = mapped_column(index=True)
    written_at: Mapped[Instant]
