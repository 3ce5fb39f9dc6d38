"""The SQL of what has changed among the posts that are or were published."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import DateTime, Integer, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from posts_service.posts.columns import SUMMARY
from posts_service.posts.models import Post
from posts_service.posts.view import PostView
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

CHANGES: Final = Statement(
    select(Post.id, Post.version, Post.updated_at)
    .where(Post.published_at.is_not(None), Post.updated_at >= bindparam("since", type_=DateTime(timezone=True)))
    .order_by(Post.updated_at, Post.id)
    .limit(bindparam("limit", type_=Integer()))
)
VIEWS: Final = Statement(
    SUMMARY.where(Post.id == func.any(bindparam("post_ids", type_=ARRAY(Uuid())))).order_by(Post.updated_at, Post.id)
)


class Change(NamedTuple):
    """That a post has reached this version."""

    post_id: UUID
    version: int
    at: datetime


async def list_changes(reads: ReadPool, since: datetime, limit: int) -> list[Change]:
    """The last change of each post that was changed since then, the oldest first. Deleted posts are not among them."""
    return [Change(*row) for row in await reads.fetch_rows(CHANGES, since=since, limit=limit)]


async def list_views(reads: ReadPool, post_ids: Collection[UUID]) -> list[PostView]:
    """These posts, as far as they exist, without their texts, in the order in which they were changed."""
    return [PostView.of(row) for row in await reads.fetch_rows(VIEWS, post_ids=list(post_ids))]
