"""The columns that posts are read with: each field of PostView, as SQL."""

from typing import Any, Final, cast

import sqlalchemy as sql
from sqlalchemy import ColumnElement, String, Table, case, func, literal_column, select

from posts_service.authors.models import Author
from posts_service.posts.models import SUMMARY_CHARACTERS, Post
from posts_service.posts.view import PostView

_POSTS: Final = cast(Table, Post.__table__)

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
VIEW: Final = select(*_COLUMNS.values()).join(Author, Author.id == Post.author_id)
_SHORT: Final = {**_COLUMNS, "body": _TEXT.label("body"), "html": _TEXT.label("html")}
SUMMARY: Final = select(*_SHORT.values()).join(Author, Author.id == Post.author_id)
