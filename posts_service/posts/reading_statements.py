"""The SQL of readers: one post by its id, and lists, each a walk along one index."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, Integer, Uuid, bindparam, literal_column, tuple_

from posts_service.posts.columns import SUMMARY, VIEW
from posts_service.posts.cursor import Cursor
from posts_service.posts.models import Post
from posts_service.posts.view import PostView
from watchword.database.joint_read import JointRead
from watchword.database.reads import ReadPool

# Before the first page: newer than every post.
TOP: Final = Cursor(datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))

# The state is written out, not bound, so that the planner can use the partial indexes.
_IS_PUBLISHED: Final = Post.state == literal_column("'published'")
_IS_DRAFT: Final = Post.state == literal_column("'draft'")
_AUTHOR: Final = Post.author_id == bindparam("author_id", type_=Uuid())
_LIMIT: Final = bindparam("limit", type_=Integer())
_CURSOR: Final = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("post_id", type_=Uuid()))

_FEED = (
    SUMMARY.where(_IS_PUBLISHED, tuple_(Post.published_at, Post.id) < _CURSOR)
    .order_by(Post.published_at.desc(), Post.id.desc())
    .limit(_LIMIT)
)

BY_ID: Final = JointRead(VIEW.where(Post.id == bindparam("post_id", type_=Uuid())))
FEED: Final = JointRead(_FEED)
BY_AUTHOR: Final = JointRead(_FEED.where(_AUTHOR))
DRAFTS: Final = JointRead(
    SUMMARY.where(_IS_DRAFT, _AUTHOR, tuple_(Post.created_at, Post.id) < _CURSOR)
    .order_by(Post.created_at.desc(), Post.id.desc())
    .limit(_LIMIT)
)


async def find_view(reads: ReadPool, post_id: UUID) -> PostView | None:
    row = await reads.fetch_joint_row(BY_ID, post_id=post_id)
    return PostView.of(row) if row is not None else None


async def list_published(reads: ReadPool, author_id: UUID | None, begin: Cursor, limit: int) -> list[PostView]:
    """Published posts of one author or of all, the newest first, after `begin`; of each body only the beginning."""
    if author_id is None:
        return await _list(reads, FEED, begin, limit=limit)
    return await _list(reads, BY_AUTHOR, begin, limit=limit, author_id=author_id)


async def list_drafts(reads: ReadPool, author_id: UUID, begin: Cursor, limit: int) -> list[PostView]:
    """Drafts of one author, the newest first, after `begin`; of each body only the beginning."""
    return await _list(reads, DRAFTS, begin, limit=limit, author_id=author_id)


async def _list(reads: ReadPool, statement: JointRead, begin: Cursor, **values: Any) -> list[PostView]:
    rows = await reads.fetch_joint_rows(statement, at=begin.at, post_id=begin.post_id, **values)
    return [PostView.of(row) for row in rows]
