"""The SQL that erases what is a person's on posts that are locked."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Uuid, case, cast, column, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.comments.models import Comment
from posts_service.moderation.models import Report
from posts_service.posts.activity import activity_columns
from posts_service.posts.models import NOBODY, Post
from posts_service.slugs import repository as slugs
from posts_service.tables import UNSYNCHRONIZED, any_of
from posts_service.tags import repository as tags
from posts_service.versions.models import PostVersion


async def delete_reports_by(db: AsyncSession, person_id: UUID, post_ids: Sequence[UUID]) -> None:
    """Delete what this person has reported, of these posts and the comments on them."""
    await db.execute(
        delete(Report).where(Report.reporter_id == person_id, _is_about(post_ids)), execution_options=UNSYNCHRONIZED
    )


async def change_posts(
    db: AsyncSession, person_id: UUID, post_ids: Sequence[UUID], likes: Collection[UUID], comments: Mapping[UUID, int]
) -> None:
    """Lower the counts of these posts, and do not name this person as their editor.

    In one statement: PostgreSQL locks the card of a post's author when a transaction changes the post a second time,
    and an erasure of that author may wait for the post.
    """
    names = column("id", Uuid), column("likes", Integer), column("comments", Integer)
    numbers: Any = func.unnest(
        cast(list(post_ids), ARRAY(Uuid)),
        cast([int(post_id in likes) for post_id in post_ids], ARRAY(Integer)),
        cast([comments.get(post_id, 0) for post_id in post_ids], ARRAY(Integer)),
    ).table_valued(*names)
    numbers = numbers.render_derived("numbers")
    is_changed = or_(numbers.c.likes > 0, numbers.c.comments > 0, Post.editor_id == person_id)
    counts = {"likes": Post.likes - numbers.c.likes, "comments": Post.comments - numbers.c.comments}
    changed = update(Post).where(Post.id == numbers.c.id, is_changed)
    editor_id = case((Post.editor_id == person_id, NOBODY), else_=Post.editor_id)
    changed = changed.values(**counts, **activity_columns(func.now()), editor_id=editor_id)
    await db.execute(changed, execution_options=UNSYNCHRONIZED)


async def forget_moderator(db: AsyncSession, person_id: UUID, post_ids: Sequence[UUID]) -> None:
    """Name this person neither as editor of former versions of these posts, nor as who decided reports."""
    is_editor = PostVersion.editor_id == person_id
    versions = update(PostVersion).where(is_editor, PostVersion.post_id == any_of(post_ids)).values(editor_id=None)
    reports = update(Report).where(Report.decided_by == person_id, _is_about(post_ids)).values(decided_by=None)
    for statement in (versions, reports):
        await db.execute(statement, execution_options=UNSYNCHRONIZED)


async def delete_posts(db: AsyncSession, post_ids: Sequence[UUID]) -> None:
    """Delete these posts with everything that hangs on them, and count their tags out."""
    await slugs.delete_all_of(db, post_ids)
    await tags.delete_all_of(db, post_ids)
    await db.execute(delete(Post).where(Post.id == any_of(post_ids)), execution_options=UNSYNCHRONIZED)


def _is_about(post_ids: Sequence[UUID]) -> ColumnElement[bool]:
    comments = select(Comment.id).where(Comment.post_id == any_of(post_ids))
    return or_(Report.post_id == any_of(post_ids), Report.comment_id.in_(comments))
