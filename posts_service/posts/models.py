"""A post."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from posts_service.authors.models import Author
from posts_service.tables import Base, Instant


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


class Post(Base):
    """A draft is its author's secret. `version` counts changes; `published_at` is when it was first published."""

    __tablename__ = "posts"
    __table_args__ = (CheckConstraint("state IN ('draft', 'published')", "state"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey(Author.id), index=True)
    title: Mapped[str]
    body: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    published_at: Mapped[Instant | None]

    author: Mapped[Author] = relationship(lazy="raise", innerjoin=True)

    def is_by(self, subject: str) -> bool:
        return str(self.author_id) == subject

    def is_published(self) -> bool:
        return self.state == State.PUBLISHED

    def apply(self, changes: Mapping[str, Any], now: datetime) -> None:
        """Take over what differs; a change of nothing is no change, and leaves the version alone."""
        changed = {name: value for name, value in changes.items() if getattr(self, name) != value}
        if not changed:
            return
        for name, value in changed.items():
            setattr(self, name, value)
        if self.is_published() and self.published_at is None:
            self.published_at = now
        self.version += 1
        self.updated_at = now


# Each list is one walk along one of these; the id settles what the instant leaves open.
Index("posts_feed_idx", Post.published_at, Post.id, postgresql_where=text("state = 'published'"))
Index("posts_by_author_idx", Post.author_id, Post.published_at, Post.id, postgresql_where=text("state = 'published'"))
Index("posts_drafts_idx", Post.author_id, Post.created_at, Post.id, postgresql_where=text("state = 'draft'"))
