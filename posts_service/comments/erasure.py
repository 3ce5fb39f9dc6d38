"""The SQL that deletes what a person has written below posts."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, cast, delete, exists, func, null, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from posts_service.comments.models import Comment
from posts_service.posts.models import Post

_UNSYNCHRONIZED: dict[str, Any] = {"synchronize_session": False}
_ANSWER = aliased(Comment)
_HAS_ANSWERS = exists().where(_ANSWER.parent_id == Comment.id)


def posts_commented_by(person_id: UUID) -> Select[UUID]:
    """The ids of the posts that the person has commented on."""
    return select(Comment.post_id).where(Comment.author_id == person_id)


async def delete_all_of(db: AsyncSession, person_id: UUID) -> None:
    """Delete every comment of this person, or leave a placeholder if others have answered it; lower the counts.

    The posts that they are on must be locked.
    """
    is_own = Comment.author_id == person_id
    numbers = select(Comment.post_id, func.count().label("number")).where(is_own).group_by(Comment.post_id).subquery()
    lower: Any = update(Post).where(Post.id == numbers.c.post_id).values(comments=Post.comments - numbers.c.number)
    await db.execute(lower, execution_options=_UNSYNCHRONIZED)
    answers = delete(Comment).where(is_own, Comment.depth > 0).returning(Comment.parent_id)
    parents = set((await db.execute(answers, execution_options=_UNSYNCHRONIZED)).scalars())
    placeholder = dict.fromkeys(("author_id", "body", "html"), null())
    emptied = update(Comment).where(is_own, _HAS_ANSWERS)
    values: dict[str, Any] = {**placeholder, "version": Comment.version + 1, "removed_at": func.now()}
    await db.execute(emptied.values(updated_at=func.now(), **values), execution_options=_UNSYNCHRONIZED)
    await db.execute(delete(Comment).where(is_own), execution_options=_UNSYNCHRONIZED)
    is_answered = Comment.id == func.any(cast(list(parents), ARRAY(Uuid)))
    left_over = delete(Comment).where(is_answered, Comment.removed_at.is_not(None), ~_HAS_ANSWERS)
    await db.execute(left_over, execution_options=_UNSYNCHRONIZED)
