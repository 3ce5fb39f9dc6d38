"""The SQL of changes of posts: statements that are compiled once and held prepared, and one that runs in a session."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sql
from sqlalchemy import CompoundSelect, Select, Table, Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors import repository as authors
from posts_service.errors import PostNotFound
from posts_service.posts.columns import VIEW
from posts_service.posts.models import SUMMARY_CHARACTERS, Post
from posts_service.posts.view import PostView
from watchword.database.statements import Statement
from watchword.database.writes import WritePool, WriteTransaction

_POSTS: Final = cast(Table, Post.__table__)

_HAS_ID: Final = Post.id == bindparam("post_id", type_=Uuid())

_INSERT_COLUMNS: Final = "title", "body", "state", "version", "created_at", "updated_at", "published_at"
_UPDATE_COLUMNS: Final = "title", "body", "state", "version", "updated_at", "published_at"

_CARD: Final = authors.CURRENT_CARD.cte("card")
_VALUES: Final = select(_CARD.c.id, *(bindparam(name, type_=_POSTS.c[name].type) for name in _INSERT_COLUMNS))
_INSERT: Final = Statement(
    sql.insert(_POSTS)
    .from_select(["author_id", *_INSERT_COLUMNS], _VALUES)
    .returning(_POSTS.c.id, select(_CARD.c.username).scalar_subquery().label("username"))
)

_BY_ID_FOR_UPDATE: Final = Statement(VIEW.where(_HAS_ID).with_for_update(of=Post))
# What is null stays as it is: a text that does not change is not stored again.
_UPDATE: Final = Statement(
    sql.update(_POSTS)
    .where(_HAS_ID)
    .values(
        {name: func.coalesce(bindparam(name, type_=_POSTS.c[name].type), _POSTS.c[name]) for name in _UPDATE_COLUMNS}
    )
)
_DELETE: Final = Statement(sql.delete(_POSTS).where(_HAS_ID))


async def insert(
    db: WritePool | WriteTransaction, author_id: UUID, named_at: datetime, columns: Mapping[str, Any]
) -> PostView | None:
    """Insert a post with these columns. None if the author has no card, or only one older than `named_at`,
    or if their account is purged.

    The card cannot be deleted before the post is committed; a purge that waits for it deletes both.
    """
    row = await db.fetch_row(_INSERT, author_id=author_id, named_at=named_at, **columns)
    return None if row is None else _new_view(row["id"], author_id, row["username"], columns)


def _new_view(post_id: UUID, author_id: UUID, username: str, columns: Mapping[str, Any]) -> PostView:
    return PostView(
        id=post_id,
        slug=str(post_id),
        summary=columns["body"][:SUMMARY_CHARACTERS],
        tags=[],
        unpublished_reason=None,
        author_id=author_id,
        username=username,
        likes=0,
        comments=0,
        html=None,
        **columns,
    )


async def get_for_update(db: WriteTransaction, post_id: UUID) -> PostView:
    """The post with its author's name, the post's row locked until the transaction ends. Raises PostNotFound."""
    row = await db.fetch_row(_BY_ID_FOR_UPDATE, post_id=post_id)
    if row is None:
        raise PostNotFound
    return PostView.of(row)


async def update(db: WriteTransaction, post_id: UUID, columns: Mapping[str, Any]) -> None:
    """Set these columns of a post; one that is None keeps its value."""
    await db.execute(_UPDATE, post_id=post_id, **{name: columns.get(name) for name in _UPDATE_COLUMNS})


async def delete(db: WriteTransaction, post_id: UUID) -> None:
    await db.execute(_DELETE, post_id=post_id)


async def lock_all(db: AsyncSession, author_id: UUID, *others: Select[UUID]) -> None:
    """Lock every post of this author, and those whose ids the statements select, in the one order of such locks: two
    transactions that lock several posts do not wait for each other."""
    ids: CompoundSelect[UUID] = sql.union(select(Post.id).where(Post.author_id == author_id), *others)
    locked = select(Post.id).where(Post.id == func.any(func.array(ids.scalar_subquery())))
    await db.execute(locked.order_by(Post.id).with_for_update())


async def delete_all_by(db: AsyncSession, author_id: UUID) -> None:
    """Delete every post of this author, drafts too."""
    await db.execute(sql.delete(Post).where(Post.author_id == author_id))
