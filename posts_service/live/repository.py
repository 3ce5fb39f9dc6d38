"""The SQL of what has changed among the posts that are or were published, and below them: likes and comments."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Integer, Subquery, Uuid, bindparam, func, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from posts_service.posts.columns import SUMMARY
from posts_service.posts.models import Post
from posts_service.posts.view import PostView
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

_SINCE: Final = bindparam("since", type_=DateTime(timezone=True))
_LIMIT: Final = bindparam("limit", type_=Integer())


def _walk(at: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]) -> Subquery:
    """Along the index of this column."""
    changes = select(Post.id, Post.version, at.label("at")).where(at >= _SINCE, *conditions)
    return changes.order_by(at, Post.id).limit(_LIMIT).subquery()


_OF_POSTS: Final = _walk(Post.updated_at, Post.published_at.is_not(None))
_BELOW_POSTS: Final = _walk(Post.activity_at)
_BOTH: Final = union_all(select(_OF_POSTS), select(_BELOW_POSTS)).subquery("changes")
CHANGES: Final = Statement(select(*_BOTH.c).order_by(_BOTH.c["at"], _BOTH.c.id).limit(_LIMIT))
VIEWS: Final = Statement(
    SUMMARY.where(Post.id == func.any(bindparam("post_ids", type_=ARRAY(Uuid())))).order_by(Post.updated_at, Post.id)
)


class Change(NamedTuple):
    """That a post has reached this version, or that something has changed below it."""

    post_id: UUID
    version: int
    at: datetime


async def list_changes(reads: ReadPool, since: datetime, limit: int) -> list[Change]:
    """The last change of each post that was changed since then, and the last one below each, the oldest first. Deleted
    posts are not among them."""
    return [Change(*row) for row in await reads.fetch_rows(CHANGES, since=since, limit=limit)]


async def list_views(reads: ReadPool, post_ids: Collection[UUID]) -> list[PostView]:
    """These posts, as far as they exist, without their texts, in the order in which they were changed."""
    return [PostView.of(row) for row in await reads.fetch_rows(VIEWS, post_ids=list(post_ids))]
