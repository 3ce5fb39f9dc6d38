"""Which posts a portion of an erasure is about, and what makes one small enough for a short transaction."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, func, literal_column, or_, select, true, union
from sqlalchemy import update as updating
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from posts_service.comments.models import Comment
from posts_service.likes.models import Like
from posts_service.moderation.models import Report
from posts_service.posts.models import Post
from posts_service.tables import UNSYNCHRONIZED, any_of
from posts_service.versions.models import PostVersion
from watchword.database.portions import PLACE


class LockedPost(NamedTuple):
    """A post that something of the person hangs on, its row locked. `reactions` are its likes and comments, counted."""

    id: UUID
    is_own: bool
    reactions: int


def _posts_of(person_id: UUID) -> tuple[Select[Any], ...]:
    """The posts that something of this person hangs on, by each index of persons. One may be there several times."""
    by_person = or_(Report.reporter_id == person_id, Report.decided_by == person_id)
    return (
        select(Post.id).where(Post.author_id == person_id),
        select(Post.id).where(Post.editor_id == person_id),
        select(PostVersion.post_id).where(PostVersion.editor_id == person_id),
        select(Like.post_id).where(Like.person_id == person_id),
        select(Comment.post_id).where(Comment.author_id == person_id),
        select(Report.post_id).where(Report.post_id.is_not(None), by_person),
        select(Comment.post_id).join(Report, Report.comment_id == Comment.id).where(by_person),
    )


async def lock_posts(db: AsyncSession, person_id: UUID, limit: int) -> list[LockedPost]:
    """Lock at most `limit` of the posts that something of this person hangs on, in the one order of such locks: two
    transactions that lock several posts do not wait for each other."""
    some = (select(posts.limit(limit).subquery().c[0]) for posts in _posts_of(person_id))
    ids = union(*some).limit(limit)
    is_own = Post.author_id == person_id
    is_one = Post.id == func.any(func.array(ids.scalar_subquery()))
    locked = select(Post.id, is_own, Post.likes + Post.comments).where(is_one).order_by(Post.id).with_for_update()
    return [LockedPost(*row) for row in await db.execute(locked)]


async def has_more(db: AsyncSession, person_id: UUID) -> bool:
    """Whether something of this person still hangs on a post."""
    return bool(await db.scalar(select(or_(*(exists(posts) for posts in _posts_of(person_id))))))


async def thin_out(db: AsyncSession, post_ids: Sequence[UUID], limit: int) -> int:
    """Delete some of the likes and comments of these posts, which are locked, and count them out; at most `limit` of
    each. Returns how many are deleted."""
    is_answer, is_shown = Comment.depth > 0, Comment.removed_at.is_(None)
    likes = await _delete_some(db, Like.post_id, Post.likes, post_ids, limit=limit)
    comments = await _delete_some(db, Comment.post_id, Post.comments, post_ids, is_answer, counts=is_shown, limit=limit)
    if comments == 0:
        comments = await _delete_some(db, Comment.post_id, Post.comments, post_ids, counts=is_shown, limit=limit)
    return likes + comments


async def _delete_some(
    db: AsyncSession,
    post_id: InstrumentedAttribute[UUID],
    count: InstrumentedAttribute[int],
    post_ids: Sequence[UUID],
    *conditions: ColumnElement[bool],
    counts: ColumnElement[bool] = true(),  # noqa: B008 - a constant
    limit: int,
) -> int:
    """Delete rows of the table with this column `post_id`; lower the `count` of their posts by those that `counts`."""
    is_theirs = post_id == any_of(post_ids)
    places = select(PLACE).select_from(post_id.class_).where(is_theirs, *conditions).limit(limit)
    is_there = literal_column("ctid") == func.any(func.array(places.scalar_subquery()))
    gone = (
        delete(post_id.class_).where(is_there).returning(post_id.label("post_id"), counts.label("counts")).cte("gone")
    )
    number = func.count().filter(gone.c.counts)
    numbers = select(gone.c.post_id, number.label("number")).group_by(gone.c.post_id).cte("numbers")
    lower: Any = updating(Post).where(Post.id == numbers.c.post_id).values({count.key: count - numbers.c.number})
    total = select(func.count()).select_from(gone).add_cte(lower.cte("lowered"))
    return int(await db.scalar(total, execution_options=UNSYNCHRONIZED) or 0)
