"""The SQL of posts: hot reads as statements compiled once, changes in a session."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, Integer, Uuid, bindparam, delete, func, literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from posts_service.authors.models import Author
from posts_service.errors import PostNotFound
from posts_service.posts.cursor import Cursor
from posts_service.posts.models import SUMMARY_CHARACTERS, Post
from posts_service.posts.view import PostView
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

# Before the first page: newer than every post.
TOP: Final = Cursor(datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))

# The state is written out, not bound, so that the planner can use the partial indexes.
_IS_PUBLISHED: Final = Post.state == literal_column("'published'")
_IS_DRAFT: Final = Post.state == literal_column("'draft'")
_AUTHOR: Final = Post.author_id == bindparam("author_id", type_=Uuid())
_LIMIT: Final = bindparam("limit", type_=Integer())
_CURSOR: Final = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("post_id", type_=Uuid()))

_COLUMNS: Final = {name: getattr(Post if name in Post.__table__.columns else Author, name) for name in PostView._fields}
_VIEW: Final = select(*_COLUMNS.values()).join(Author, Author.id == Post.author_id)

# PostgreSQL decompresses no more of a long text than this.
_BEGINNING: Final = func.left(Post.body, SUMMARY_CHARACTERS).label("body")
SUMMARY: Final = select(*{**_COLUMNS, "body": _BEGINNING}.values()).join(Author, Author.id == Post.author_id)

_FEED = (
    SUMMARY.where(_IS_PUBLISHED, tuple_(Post.published_at, Post.id) < _CURSOR)
    .order_by(Post.published_at.desc(), Post.id.desc())
    .limit(_LIMIT)
)

BY_ID: Final = Statement(_VIEW.where(Post.id == bindparam("post_id", type_=Uuid())))
FEED: Final = Statement(_FEED)
BY_AUTHOR: Final = Statement(_FEED.where(_AUTHOR))
DRAFTS: Final = Statement(
    SUMMARY.where(_IS_DRAFT, _AUTHOR, tuple_(Post.created_at, Post.id) < _CURSOR)
    .order_by(Post.created_at.desc(), Post.id.desc())
    .limit(_LIMIT)
)


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


async def get_for_update(db: AsyncSession, post_id: UUID) -> Post:
    """The post with its author, the post's row locked until the transaction ends. Raises PostNotFound."""
    statement = (
        select(Post)
        .join(Post.author)
        .options(contains_eager(Post.author))
        .where(Post.id == post_id)
        .with_for_update(of=Post)
    )
    post = (await db.scalars(statement)).one_or_none()
    if post is None:
        raise PostNotFound
    return post


async def delete_all_by(db: AsyncSession, author_id: UUID) -> None:
    """Delete every post of this author, drafts too."""
    await db.execute(delete(Post).where(Post.author_id == author_id))
