"""The SQL that reads comments."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, SmallInteger, Uuid, bindparam, select, tuple_

from posts_service.authors.models import Author
from posts_service.comments.cursor import Cursor
from posts_service.comments.models import Comment
from posts_service.comments.view import CommentView
from posts_service.errors import CommentNotFound
from posts_service.posts.columns import OWNED
from posts_service.posts.models import Post
from posts_service.posts.owned_post import OwnedPost
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement


def _column(name: str) -> ColumnElement[Any]:
    column: ColumnElement[Any] = getattr(Author if name == "username" else Comment, name)
    return column


VIEW: Final = select(*map(_column, CommentView._fields)).outerjoin(Author, Author.id == Comment.author_id)

_ORDER: Final = Comment.thread_id, Comment.depth, Comment.id
_CURSOR: Final = tuple_(
    bindparam("thread_id", type_=Uuid()),
    bindparam("depth", type_=SmallInteger()),
    bindparam("comment_id", type_=Uuid()),
)
_OF_POST: Final = bindparam("post_id", type_=Uuid())

_BY_ID: Final = VIEW.where(Comment.id == bindparam("comment_id", type_=Uuid()))
_ONE: Final = Statement(_BY_ID)
_WITH_POST: Final = Statement(_BY_ID.join(Post, Post.id == Comment.post_id).add_columns(*OWNED))
THREADS: Final = Statement(
    VIEW.where(Comment.post_id == _OF_POST, tuple_(*_ORDER) > _CURSOR)
    .order_by(*_ORDER)
    .limit(bindparam("limit", type_=Integer()))
)


async def find(reads: ReadPool, comment_id: UUID) -> CommentView | None:
    row = await reads.fetch_row(_ONE, comment_id=comment_id)
    return None if row is None else CommentView.of(row)


async def get_with_post(reads: ReadPool, comment_id: UUID) -> tuple[CommentView, OwnedPost]:
    """A comment, and the post that it is on. Raises CommentNotFound."""
    row = await reads.fetch_row(_WITH_POST, comment_id=comment_id)
    if row is None:
        raise CommentNotFound
    return CommentView.of(row), OwnedPost(*row[-len(OWNED) :])


async def list_of(reads: ReadPool, post_id: UUID, begin: Cursor, limit: int) -> list[CommentView]:
    """The comments on a post after `begin`: thread by thread, each comment before its answers, the oldest first."""
    rows = await reads.fetch_rows(THREADS, post_id=post_id, limit=limit, **begin._asdict())
    return [CommentView.of(row) for row in rows]
