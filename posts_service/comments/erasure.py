"""The SQL that deletes what a person has written below posts."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.comments.models import Comment
from posts_service.comments.repository import HAS_ANSWERS, NOTHING
from posts_service.tables import UNSYNCHRONIZED, any_of


async def delete_all_of(db: AsyncSession, person_id: UUID, post_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Delete this person's comments on these posts, which are locked, or leave a placeholder if others have answered
    one. Returns by how much the counts of which posts are to be lowered."""
    is_own = and_(Comment.author_id == person_id, Comment.post_id == any_of(post_ids))
    by_post = select(Comment.post_id, func.count()).where(is_own).group_by(Comment.post_id)
    numbers = {post_id: int(number) for post_id, number in await db.execute(by_post)}
    answers = delete(Comment).where(is_own, Comment.depth > 0).returning(Comment.parent_id)
    parents = set((await db.execute(answers, execution_options=UNSYNCHRONIZED)).scalars())
    emptied = update(Comment).where(is_own, HAS_ANSWERS)
    changed = {"version": Comment.version + 1, "updated_at": func.now(), "removed_at": func.now()}
    await db.execute(emptied.values(**NOTHING, **changed), execution_options=UNSYNCHRONIZED)
    await db.execute(delete(Comment).where(is_own), execution_options=UNSYNCHRONIZED)
    is_answered = Comment.id == any_of(parents)
    left_over = delete(Comment).where(is_answered, Comment.removed_at.is_not(None), ~HAS_ANSWERS)
    await db.execute(left_over, execution_options=UNSYNCHRONIZED)
    return numbers
