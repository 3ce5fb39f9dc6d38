"""The columns that posts are read with: each field of PostView, as SQL."""

from typing import Any, Final, cast

import sqlalchemy as sql
from sqlalchemy import ColumnElement, Select, String, Table, Uuid, bindparam, case, func, literal_column, select

from posts_service.authors.models import Author
from posts_service.posts.models import NOBODY, SUMMARY_CHARACTERS, Post
from posts_service.posts.owned_post import OwnedPost
from posts_service.posts.view import PostView

_POSTS: Final = cast(Table, Post.__table__)

# What is made from a post is of another version if the previous release has written the present one.
_IS_DERIVED: Final = Post.derived_version == Post.version
# PostgreSQL decompresses no more of a long text than this.
_BEGINNING: Final = func.left(Post.body, SUMMARY_CHARACTERS)
_MADE: Final = {
    "slug": func.coalesce(Post.slug, sql.cast(Post.id, String)),
    "summary": case((_IS_DERIVED, func.coalesce(Post.summary, _BEGINNING)), else_=_BEGINNING),
    "published_at": func.coalesce(Post.published_at, Post.publish_at),
    "html": case((_IS_DERIVED, Post.html)),
    "renderer": case((_IS_DERIVED, Post.renderer), else_=literal_column("0")),
    "liked": literal_column("NULL::boolean"),
}
_TEXT: Final[ColumnElement[str]] = literal_column("''")


def _column(name: str) -> ColumnElement[Any]:
    made = _MADE.get(name)
    return getattr(Post if name in _POSTS.columns else Author, name) if made is None else made.label(name)


# The model is in a folder above this one.
_LIKES: Final = sql.table("likes", sql.column("post_id", Uuid()), sql.column("person_id", Uuid()), schema="posts")
_READER: Final = bindparam("reader_id", type_=Uuid())
# As an EXISTS, it could be planned as a hash of all that the reader likes.
_IS_THEIRS: Final = sql.and_(_LIKES.c.post_id == Post.id, _LIKES.c.person_id == _READER)
_LIKE: Final[Select[bool]] = select(literal_column("true")).where(_IS_THEIRS)
_LIKED: Final = {"liked": case((_READER.is_not(None), func.coalesce(_LIKE.scalar_subquery(), sql.false())))}
_SHORT: Final = {"body": _TEXT, "html": literal_column("NULL::text")}


def _select(**others: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    columns = {name: _column(name) for name in PostView._fields}
    columns |= {name: column.label(name) for name, column in others.items()}
    return select(*columns.values()).join(Author, Author.id == Post.author_id)


OWNED: Final = tuple(getattr(Post, name) for name in OwnedPost._fields)
"""The columns of an OwnedPost."""
SCHEDULED_AT: Final = case((Post.published_at.is_(None), Post.publish_at))
"""When a post is to be published. The previous release keeps the column when it publishes a scheduled post."""
EDITOR_ID: Final = func.nullif(func.coalesce(Post.editor_id, Post.author_id), sql.cast(str(NOBODY), Uuid))
"""Who has written the present version of a post; null if their account is deleted."""
VIEW_OF_READER: Final = _select(**_LIKED)
"""Posts with whether the person `reader_id` likes them; for a reader who is no person, it is null."""
SUMMARY: Final = _select(**_SHORT)
"""Posts without texts, as nobody in particular sees them."""
SUMMARY_OF_READER: Final = _select(**_SHORT, **_LIKED)
"""As VIEW_OF_READER, without texts: for lists."""
