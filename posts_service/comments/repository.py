"""The SQL that writes comments.

Whatever changes which comments a post has locks the post's row first: the count is right, and no answer is written to a
comment that is being removed.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    DateTime,
    Integer,
    SmallInteger,
    String,
    Uuid,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    null,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased

from posts_service.authors import repository as authors
from posts_service.comments.models import Comment
from posts_service.comments.reading_statements import VIEW
from posts_service.comments.view import CommentView
from posts_service.posts.activity import activity_columns
from posts_service.posts.columns import OWNED
from posts_service.posts.models import Post
from posts_service.posts.owned_post import OwnedPost
from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction

_ID: Final[Any] = bindparam("comment_id", type_=Uuid())
_POST_ID: Final[Any] = bindparam("post_id", type_=Uuid())
_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_IS_IT: Final = Comment.id == _ID

_CARD: Final = authors.CURRENT_CARD.cte("card")
_POST: Final = select(*OWNED)
_OF_WRITER: Final = (
    _POST.join(_CARD, true()).where(Post.id == _POST_ID).with_for_update(of=Post, key_share=True).cte("post")
)
_LOCK_FOR_WRITER: Final = Statement(select(*_CARD.c, *_OF_WRITER.c).select_from(_CARD.outerjoin(_OF_WRITER, true())))
_LOCK_OF_COMMENT: Final = Statement(
    _POST.join(Comment, Comment.post_id == Post.id).where(_IS_IT).with_for_update(of=Post, key_share=True)
)

_ANSWER: Final = aliased(Comment)
HAS_ANSWERS: Final = exists().where(_ANSWER.parent_id == Comment.id)
_FIND: Final = Statement(VIEW.add_columns(HAS_ANSWERS.label("has_answers")).where(_IS_IT))


def _counting(step: str, post_id: Any) -> Any:
    """Raise the count of the post, and say that something has changed below it."""
    count = Post.comments + literal_column(step)
    return update(Post).where(Post.id == post_id).values(comments=count, **activity_columns()).cte("counted")


_TEXTS: Final = ("body", String()), ("html", String()), ("renderer", SmallInteger())
_TEXT: Final = {name: bindparam(name, type_=kind) for name, kind in _TEXTS}
# One id, in both columns of a comment that begins a thread.
_FRESH: Final = select(func.uuidv7(type_=Uuid()).label("id")).cte("fresh")
_THREAD_ID: Final = bindparam("thread_id", type_=Uuid())
_VALUES: Final = {
    "id": _FRESH.c.id,
    "post_id": _POST_ID,
    "thread_id": func.coalesce(_THREAD_ID, _FRESH.c.id),
    "parent_id": _THREAD_ID,
    "depth": bindparam("depth", type_=SmallInteger()),
    "author_id": bindparam("author_id", type_=Uuid()),
    **_TEXT,
    "version": literal_column("1", Integer()),
    "created_at": _NOW,
    "updated_at": _NOW,
}
_INSERTED: Final = (
    insert(Comment)
    .from_select(list(_VALUES), select(*_VALUES.values()).select_from(_FRESH))
    .returning(*(getattr(Comment, name) for name in CommentView._fields if name != "username"))
    .cte("inserted")
)
_INSERT: Final = Statement(select(*_INSERTED.c).add_cte(_counting("1", _POST_ID)))

_NEXT: Final = {"version": Comment.version + literal_column("1"), "updated_at": _NOW}
_UPDATED: Final = update(Comment).where(_IS_IT).values(**_TEXT, **_NEXT).returning(Comment.post_id).cte("updated")
_UPDATE: Final = Statement(select(_UPDATED.c.post_id).add_cte(_counting("0", _UPDATED.c.post_id)))

NOTHING: Final[dict[str, Any]] = dict.fromkeys(("author_id", "body", "html"), null())
"""What a placeholder has instead of author and text."""
_EMPTIED: Final = (
    update(Comment).where(_IS_IT).values(**NOTHING, **_NEXT, removed_at=_NOW).returning(Comment.post_id).cte("emptied")
)
_EMPTY: Final = Statement(select(_EMPTIED.c.post_id).add_cte(_counting("-1", _EMPTIED.c.post_id)))

_DELETED: Final = delete(Comment).where(_IS_IT).returning(Comment.post_id, Comment.parent_id).cte("deleted")
# Another answer than the one that this statement deletes.
_OTHERS: Final = exists().where(_ANSWER.parent_id == Comment.id, _ANSWER.id != _ID)
_LEFT_OVER: Final = (
    delete(Comment)
    .where(Comment.id == _DELETED.c.parent_id, Comment.removed_at.is_not(None), ~_OTHERS)
    .cte("left_over")
)
_DELETE: Final = Statement(select(_DELETED.c.post_id).add_cte(_LEFT_OVER, _counting("-1", _DELETED.c.post_id)))


class AuthorCard(NamedTuple):
    """The card of somebody who is about to comment."""

    id: UUID
    username: str


class Text(NamedTuple):
    """What a comment says, its HTML, and the version of the renderer that has made it."""

    body: str
    html: str
    renderer: int


async def lock_for_writer(
    db: WriteTransaction, writer_id: UUID, named_at: datetime, post_id: UUID
) -> tuple[AuthorCard, OwnedPost | None] | None:
    """Lock the writer's card, and then the post, which may not be there. None if the writer has no card, or only one
    older than `named_at`, or if their account is purged."""
    row = await db.fetch_row(_LOCK_FOR_WRITER, author_id=writer_id, named_at=named_at, post_id=post_id)
    if row is None:
        return None
    author_id, username, *post = row
    return AuthorCard(author_id, username), None if post[0] is None else OwnedPost(*post)


async def lock_post_of(db: WriteTransaction, comment_id: UUID) -> OwnedPost | None:
    """The post of this comment, its row locked until the transaction ends."""
    row = await db.fetch_row(_LOCK_OF_COMMENT, comment_id=comment_id)
    return None if row is None else OwnedPost(*row)


async def find(db: WriteTransaction, comment_id: UUID) -> tuple[CommentView, bool] | None:
    """A comment, and whether it has answers."""
    row = await db.fetch_row(_FIND, comment_id=comment_id)
    return None if row is None else (CommentView.of(row), row["has_answers"])


async def insert_comment(
    db: WriteTransaction, post_id: UUID, author: AuthorCard, thread_id: UUID | None, *, text: Text, now: datetime
) -> CommentView:
    """Insert a comment that begins a thread, or answers the one that began this one. The post must be locked."""
    depth = 0 if thread_id is None else 1
    place = {"post_id": post_id, "thread_id": thread_id, "depth": depth}
    row = await db.fetch_row(_INSERT, author_id=author.id, **place, **text._asdict(), now=now)
    assert row is not None  # noqa: S101 - an INSERT of values returns a row
    return CommentView(username=author.username, **row)


async def update_text(db: WriteTransaction, comment_id: UUID, text: Text, now: datetime) -> None:
    """Change what a comment says. The post must be locked."""
    await db.execute(_UPDATE, comment_id=comment_id, **text._asdict(), now=now)


async def make_placeholder(db: WriteTransaction, comment_id: UUID, now: datetime) -> None:
    """Take author and text from a comment that has answers. The post must be locked."""
    await db.execute(_EMPTY, comment_id=comment_id, now=now)


async def delete_comment(db: WriteTransaction, comment_id: UUID, now: datetime) -> None:
    """Delete a comment that has no answers, and the placeholder that it is the last answer to. The post must be
    locked."""
    await db.execute(_DELETE, comment_id=comment_id, now=now)
