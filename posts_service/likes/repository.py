"""The SQL of likes.

One statement does all of it: it locks the person's card and then the post, so that the count is of the likes that there
are, whoever likes the post at the same time, and so that neither of the two is deleted meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Delete, Uuid, bindparam, delete, func, literal_column, select, true, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors import repository as authors
from posts_service.likes.models import Like
from posts_service.posts.activity import activity_columns
from posts_service.posts.models import Post
from posts_service.tables import UNSYNCHRONIZED, any_of
from watchword.database.statements import Statement
from watchword.database.writes import WritePool, WriteTransaction

_CARD: Final = authors.CURRENT_CARD.cte("card")
_POST: Final = (
    select(Post.id, Post.likes)
    .join(_CARD, true())
    .where(Post.id == bindparam("post_id", type_=Uuid()), Post.state == literal_column("'published'"))
    .with_for_update(of=Post, key_share=True)
    .cte("post")
)
_INSERT: Final = (
    insert(Like).from_select(["post_id", "person_id"], select(_POST.c.id, _CARD.c.id)).on_conflict_do_nothing()
)
_DELETE: Final = delete(Like).where(Like.post_id == _POST.c.id, Like.person_id == _CARD.c.id)


def _counted(change: Insert | Delete, step: int) -> Statement:
    """The change, and the count of the post raised by `step` for each row that it changes.

    Returns the count. No row: the person has no current card. Null: the post is not published.
    """
    changed = change.returning(Like.post_id).cte("changed")
    count = (
        update(Post)
        .where(Post.id == changed.c.post_id)
        .values(likes=Post.likes + literal_column(str(step)), **activity_columns())
        .returning(Post.likes)
        .cte("count")
    )
    source = _CARD.outerjoin(_POST, true()).outerjoin(count, true())
    return Statement(select(func.coalesce(count.c.likes, _POST.c.likes)).select_from(source))


ADD: Final = _counted(_INSERT, 1)
REMOVE: Final = _counted(_DELETE, -1)


class Count(NamedTuple):
    """How many like a post; None if it is not there, or not published."""

    likes: int | None


async def run(
    db: WritePool | WriteTransaction,
    change: Statement,
    post_id: UUID,
    *,
    person_id: UUID,
    named_at: datetime,
    now: datetime,
) -> Count | None:
    """Add or remove the person's like (`change` is ADD or REMOVE), if that changes anything. None if the person has no
    card, or only one older than `named_at`, or if their account is purged."""
    row = await db.fetch_row(change, author_id=person_id, named_at=named_at, post_id=post_id, now=now)
    return None if row is None else Count(*row)


async def delete_all_of(db: AsyncSession, person_id: UUID, post_ids: Sequence[UUID]) -> set[UUID]:
    """Delete this person's likes of these posts, which are locked. Returns the posts whose counts are to be lowered."""
    is_theirs = Like.person_id == person_id, Like.post_id == any_of(post_ids)
    gone = delete(Like).where(*is_theirs).returning(Like.post_id)
    return set(await db.scalars(gone, execution_options=UNSYNCHRONIZED))
