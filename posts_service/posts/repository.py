"""The SQL of posts: statements that are compiled once and held prepared, and one that runs in a session."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sql
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    String,
    Table,
    Uuid,
    bindparam,
    case,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.authors import repository as authors
from posts_service.authors.models import Author
from posts_service.errors import PostNotFound
from posts_service.posts.cursor import Cursor
from posts_service.posts.models import SUMMARY_CHARACTERS, Post
from posts_service.posts.view import PostView
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement
from watchword.database.writes import WritePool, WriteTransaction

# Before the first page: newer than every post.
TOP: Final = Cursor(datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))

_POSTS: Final = cast(Table, Post.__table__)

# The state is written out, not bound, so that the planner can use the partial indexes.
_IS_PUBLISHED: Final = Post.state == literal_column("'published'")
_IS_DRAFT: Final = Post.state == literal_column("'draft'")
_AUTHOR: Final = Post.author_id == bindparam("author_id", type_=Uuid())
_LIMIT: Final = bindparam("limit", type_=Integer())
_CURSOR: Final = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("post_id", type_=Uuid()))

# What is made from a post is of another version if the previous release has written the present one.
_IS_DERIVED: Final = Post.derived_version == Post.version
# PostgreSQL decompresses no more of a long text than this.
_BEGINNING: Final = func.left(Post.body, SUMMARY_CHARACTERS)
_MADE: Final = {
    "slug": func.coalesce(Post.slug, sql.cast(Post.id, String)),
    "summary": case((_IS_DERIVED, func.coalesce(Post.summary, _BEGINNING)), else_=_BEGINNING),
    "published_at": func.coalesce(Post.publish_at, Post.published_at),
    "html": case((_IS_DERIVED, Post.html)),
}
_TEXT: Final[ColumnElement[str]] = literal_column("''")


def _column(name: str) -> ColumnElement[Any]:
    made = _MADE.get(name)
    return getattr(Post if name in _POSTS.columns else Author, name) if made is None else made.label(name)


_COLUMNS: Final = {name: _column(name) for name in PostView._fields}
_VIEW: Final = select(*_COLUMNS.values()).join(Author, Author.id == Post.author_id)
_SHORT: Final = {**_COLUMNS, "body": _TEXT.label("body"), "html": _TEXT.label("html")}
SUMMARY: Final = select(*_SHORT.values()).join(Author, Author.id == Post.author_id)

_FEED = (
    SUMMARY.where(_IS_PUBLISHED, tuple_(Post.published_at, Post.id) < _CURSOR)
    .order_by(Post.published_at.desc(), Post.id.desc())
    .limit(_LIMIT)
)

_HAS_ID: Final = Post.id == bindparam("post_id", type_=Uuid())

BY_ID: Final = Statement(_VIEW.where(_HAS_ID))
FEED: Final = Statement(_FEED)
BY_AUTHOR: Final = Statement(_FEED.where(_AUTHOR))
DRAFTS: Final = Statement(
    SUMMARY.where(_IS_DRAFT, _AUTHOR, tuple_(Post.created_at, Post.id) < _CURSOR)
    .order_by(Post.created_at.desc(), Post.id.desc())
    .limit(_LIMIT)
)


_INSERT_COLUMNS: Final = "title", "body", "state", "version", "created_at", "updated_at", "published_at"
_UPDATE_COLUMNS: Final = "title", "body", "state", "version", "updated_at", "published_at"

_CARD: Final = authors.CURRENT_CARD.cte("card")
_VALUES: Final = select(_CARD.c.id, *(bindparam(name, type_=_POSTS.c[name].type) for name in _INSERT_COLUMNS))
_INSERT: Final = Statement(
    sql.insert(_POSTS)
    .from_select(["author_id", *_INSERT_COLUMNS], _VALUES)
    .returning(_POSTS.c.id, select(_CARD.c.username).scalar_subquery().label("username"))
)

_BY_ID_FOR_UPDATE: Final = Statement(_VIEW.where(_HAS_ID).with_for_update(of=Post))
# What is null stays as it is: a text that does not change is not stored again.
_UPDATE: Final = Statement(
    sql.update(_POSTS)
    .where(_HAS_ID)
    .values(
        {name: func.coalesce(bindparam(name, type_=_POSTS.c[name].type), _POSTS.c[name]) for name in _UPDATE_COLUMNS}
    )
)
_DELETE: Final = Statement(sql.delete(_POSTS).where(_HAS_ID))


async def find_view(reads: ReadPool, post_id: UUID) -> PostView | None:
    row = await reads.fetch_row(BY_ID, post_id=post_id)
    return PostView.of(row) if row is not None else None


async def list_published(reads: ReadPool, author_id: UUID | None, begin: Cursor, limit: int) -> list[PostView]:
    """Published posts of one author or of all, the newest first, after `begin`; of each body only the beginning."""
    if author_id is None:
        return await _list(reads, FEED, begin, limit=limit)
    return await _list(reads, BY_AUTHOR, begin, limit=limit, author_id=author_id)


async def list_drafts(reads: ReadPool, author_id: UUID, begin: Cursor, limit: int) -> list[PostView]:
    """Drafts of one author, the newest first, after `begin`; of each body only the beginning."""
    return await _list(reads, DRAFTS, begin, limit=limit, author_id=author_id)


async def _list(reads: ReadPool, statement: Statement, begin: Cursor, **values: Any) -> list[PostView]:
    rows = await reads.fetch_rows(statement, at=begin.at, post_id=begin.post_id, **values)
    return [PostView.of(row) for row in rows]


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


async def delete_all_by(db: AsyncSession, author_id: UUID) -> None:
    """Delete every post of this author, drafts too."""
    await db.execute(sql.delete(Post).where(Post.author_id == author_id))
