"""The table of posts, and what is always true of one."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, false, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from posts_service.authors.models import Author
from posts_service.tables import Base, Instant

NOBODY: Final = UUID(int=0)
"""The editor of a version whose account is deleted: null would be the author of the post."""

# How much of the body a list shows.
SUMMARY_CHARACTERS: Final = 280


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    """By a moderator, who has given a reason."""


class Post(Base):
    """A post or a draft. `version` counts changes; `published_at` is when it was first published, `publish_at` when a
    draft is to be. `editor_id` is who wrote this version, None for the author, and NOBODY if their account is deleted.

    `activity_at` is when somebody last liked it or took that back, or wrote, changed or removed a comment on it: each
    time a later instant.

    `slug`, `summary`, `html` and the rows of other tables that are made from a post are of its version
    `derived_version`; after a change by the previous release that one is another, and they are made anew.
    """

    __tablename__ = "posts"
    __table_args__ = (CheckConstraint("state IN ('draft', 'published', 'unpublished')", "state"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey(Author.id))
    title: Mapped[str]
    body: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    published_at: Mapped[Instant | None]
    publish_at: Mapped[Instant | None]
    unpublished_reason: Mapped[str | None]
    editor_id: Mapped[UUID | None]
    activity_at: Mapped[Instant | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    likes: Mapped[int] = mapped_column(server_default=text("0"))
    comments: Mapped[int] = mapped_column(server_default=text("0"))
    slug: Mapped[str | None]
    summary: Mapped[str | None]
    has_own_summary: Mapped[bool] = mapped_column(server_default=false())
    html: Mapped[str | None]
    renderer: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    derived_version: Mapped[int] = mapped_column(server_default=text("0"))


# An export walks along it, and what is an author's is found by it.
Index("posts_of_author_idx", Post.author_id, Post.id)
# Each list walks along one of these; the id orders posts of the same instant.
Index("posts_feed_idx", Post.published_at, Post.id, postgresql_where=text("state = 'published'"))
Index("posts_by_author_idx", Post.author_id, Post.published_at, Post.id, postgresql_where=text("state = 'published'"))
Index("posts_drafts_idx", Post.author_id, Post.created_at, Post.id, postgresql_where=text("state = 'draft'"))
# Listeners get what has changed since they last got something.
Index("posts_changed_idx", Post.updated_at, Post.id, postgresql_where=text("published_at IS NOT NULL"))
Index("posts_activity_idx", Post.activity_at, Post.id, postgresql_where=text("activity_at IS NOT NULL"))
Index("posts_most_liked_idx", Post.likes, Post.id, postgresql_where=text("state = 'published'"))
# Few posts are, so that one index serves the lists of moderators and of authors.
Index("posts_unpublished_idx", Post.created_at, Post.id, postgresql_where=text("state = 'unpublished'"))
Index("posts_underived_idx", Post.id, postgresql_where=text("derived_version <> version"))
Index("posts_edited_by_idx", Post.editor_id, postgresql_where=text("editor_id IS NOT NULL"))
Index("posts_renderer_idx", Post.renderer)
