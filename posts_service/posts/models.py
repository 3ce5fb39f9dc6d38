"""The table of posts, and what is always true of one."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from posts_service.authors.models import Author
from posts_service.tables import Base, Instant

# How much of the body a list shows.
SUMMARY_CHARACTERS: Final = 280


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


class Post(Base):
    """A post or a draft. `version` counts changes; `published_at` is when it was first published."""

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

    @classmethod
    def of(cls, author_id: UUID, members: Mapping[str, Any], now: datetime) -> "Post":
        """A post of this author that is not in the database yet. `members` are its title, body and state."""
        post = cls(author_id=author_id, version=1, created_at=now, updated_at=now, published_at=None, **members)
        post._note_publication(now)
        return post

    @property
    def username(self) -> str:
        return self.author.username

    def apply(self, changes: Mapping[str, Any], now: datetime) -> None:
        """Set the members in `changes`. If none of them differs, nothing changes, the version included."""
        differences = {name: value for name, value in changes.items() if getattr(self, name) != value}
        if not differences:
            return
        for name, value in differences.items():
            setattr(self, name, value)
        self._note_publication(now)
        self.version += 1
        self.updated_at = now

    def _note_publication(self, now: datetime) -> None:
        if self.state == State.PUBLISHED and self.published_at is None:
            self.published_at = now


# Each list walks along one of these; the id orders posts of the same instant.
Index("posts_feed_idx", Post.published_at, Post.id, postgresql_where=text("state = 'published'"))
Index("posts_by_author_idx", Post.author_id, Post.published_at, Post.id, postgresql_where=text("state = 'published'"))
Index("posts_drafts_idx", Post.author_id, Post.created_at, Post.id, postgresql_where=text("state = 'draft'"))
# Listeners get what has changed since they last got something.
Index("posts_changed_idx", Post.updated_at, Post.id, postgresql_where=text("published_at IS NOT NULL"))
