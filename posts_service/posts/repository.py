"""The SQL of changes of posts: statements that are compiled once and held prepared."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import sqlalchemy as sql
from sqlalchemy import (
    Integer,
    String,
    Table,
    Uuid,
    bindparam,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from posts_service.authors import repository as authors
from posts_service.errors import PostNotFound
from posts_service.posts.columns import EDITOR_ID, SCHEDULED_AT, VIEW_OF_READER
from posts_service.posts.models import Post
from posts_service.posts.stored_post import StoredPost
from posts_service.posts.view import PostView
from posts_service.rendering.version import RENDERER_VERSION
from posts_service.search import repository as search
from posts_service.slugs.models import Slug
from posts_service.slugs.repository import FREE_SLUG
from posts_service.tags import repository as tags
from posts_service.versions.models import PostVersion
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement
from watchword.database.writes import WritePool, WriteTransaction

_POSTS: Final = cast(Table, Post.__table__)

_HAS_ID: Final = Post.id == bindparam("post_id", type_=Uuid())

_TEXTS: Final = "title", "body", "tags", "summary", "has_own_summary", "html"
_REST: Final = "version", "renderer", "derived_version", "updated_at", "state", "published_at"
_INSERT_COLUMNS: Final = *_TEXTS, *_REST, "created_at", "publish_at"
_UPDATE_COLUMNS: Final = *_TEXTS, *_REST, "slug"
# An UPDATE sets these also to null.
_EMPTY_COLUMNS: Final = "publish_at", "unpublished_reason", "editor_id"


def _parameter(name: str) -> sql.BindParameter[Any]:
    return bindparam(name, type_=_POSTS.c[name].type)


def _insertion() -> sql.Insert:
    """Insert a post, and what is made from it, in one statement: each round trip would add to how long locks last."""
    card = authors.CURRENT_CARD.cte("card")
    new = (
        select(
            func.uuidv7().label("id"),
            card.c.id.label("author_id"),
            card.c.username,
            FREE_SLUG.label("slug"),
            case(
                (_parameter("published_at").is_not(None), _parameter("tags")), else_=sql.cast([], ARRAY(String))
            ).label("public_tags"),
            *(_parameter(name).label(name) for name in _INSERT_COLUMNS),
        )
        .select_from(card)
        .cte("new")
    )
    slug = sql.insert(Slug).from_select(["slug", "post_id"], select(new.c.slug, new.c.id)).returning(Slug.slug)
    slug_row = slug.cte("slug_row")
    columns = "id", "author_id", "slug", *_INSERT_COLUMNS
    return (
        sql.insert(_POSTS)
        .from_select(columns, select(*(new.c[name] for name in columns)))
        .add_cte(slug_row, search.insertion(new), *tags.insertion(new, slug_row))
        .returning(_POSTS.c.id, _POSTS.c.slug, select(new.c.username).scalar_subquery().label("username"))
    )


_INSERT: Final = Statement(_insertion())

_STORED: Final = VIEW_OF_READER.add_columns(
    SCHEDULED_AT.label("scheduled_at"),
    Post.published_at.label("first_published_at"),
    Post.has_own_summary,
    Post.derived_version,
    Post.editor_id,
)
_BY_ID_FOR_UPDATE: Final = Statement(_STORED.where(_HAS_ID).with_for_update(of=Post))
# The version that an update replaces: a statement reads rows as they were when it began.
_FORMER: Final = (
    sql.insert(PostVersion)
    .from_select(
        ["post_id", "version", "title", "body", "summary", "tags", "state", "editor_id", "written_at"],
        select(
            Post.id,
            Post.version,
            Post.title,
            Post.body,
            case((Post.has_own_summary, Post.summary)),
            Post.tags,
            Post.state,
            EDITOR_ID,
            Post.updated_at,
        ).where(_HAS_ID, Post.version < _parameter("version")),
    )
    .cte("former")
)
# What is null stays as it is: a text that does not change is not stored again.
_UPDATE: Final = Statement(
    sql.update(_POSTS)
    .add_cte(_FORMER)
    .where(_HAS_ID)
    .values({name: func.coalesce(_parameter(name), _POSTS.c[name]) for name in _UPDATE_COLUMNS})
    .values({name: _parameter(name) for name in _EMPTY_COLUMNS})
)
_WRITE_TERMS: Final = Statement(search.replacement(_POSTS, _HAS_ID, _POSTS.c.state == literal_column("'published'")))
_PORTION: Final = select(Post.id, Post.version, Post.body).limit(bindparam("limit", type_=Integer()))
_UNDERIVED: Final = Statement(_PORTION.where(Post.derived_version != Post.version).order_by(Post.id))
_OUTDATED: Final = Statement(_PORTION.where(Post.renderer < _parameter("renderer")).order_by(Post.renderer))
_DELETE: Final = Statement(sql.delete(_POSTS).where(_HAS_ID))


async def insert(
    db: WritePool | WriteTransaction, author_id: UUID, named_at: datetime, columns: Mapping[str, Any]
) -> PostView | None:
    """Insert a post with these columns, and with what is made from it. `columns` has the parameters of its slug and the
    `language` of its words too. None if the author has no card, or only one older than `named_at`, or if their account
    is purged. Raises UniqueViolationError if its slug is being given to another post.

    The card cannot be deleted before the post is committed; a purge that waits for it deletes both.
    """
    row = await db.fetch_row(_INSERT, author_id=author_id, named_at=named_at, **columns)
    return None if row is None else _new_view(row["id"], row["slug"], author_id, row["username"], columns)


def _new_view(post_id: UUID, slug: str, author_id: UUID, username: str, columns: Mapping[str, Any]) -> PostView:
    return PostView(
        id=post_id,
        slug=slug,
        unpublished_reason=None,
        author_id=author_id,
        username=username,
        likes=0,
        comments=0,
        published_at=columns["publish_at"] or columns["published_at"],
        liked=False,
        **{name: columns[name] for name in _SHOWN},
    )


_SHOWN: Final = "title", "body", "html", "summary", "tags", "state", "version", "created_at", "updated_at", "renderer"


async def get_for_update(db: WriteTransaction, post_id: UUID, reader_id: UUID | None = None) -> StoredPost:
    """The post with its author's name, as this person sees it. Its row is locked until the transaction ends. Raises
    PostNotFound."""
    row = await db.fetch_row(_BY_ID_FOR_UPDATE, post_id=post_id, reader_id=reader_id)
    if row is None:
        raise PostNotFound
    extra = ("scheduled_at", "first_published_at", "has_own_summary", "derived_version", "editor_id")
    return StoredPost(PostView.of(row), *(row[name] for name in extra))


async def update(db: WriteTransaction, post_id: UUID, columns: Mapping[str, Any]) -> None:
    """Set these columns of a post, and keep the version that it is now among the former ones. A column that is None or
    not there keeps its value, except those of its scheduled publication, its moderator's reason and its editor, which
    become null."""
    values = {name: columns.get(name) for name in (*_UPDATE_COLUMNS, *_EMPTY_COLUMNS)}
    await db.execute(_UPDATE, post_id=post_id, **values)


async def write_terms(db: WriteTransaction, post_id: UUID, language: str) -> None:
    """Write the words of the post as it is stored now, if it is published."""
    await db.execute(_WRITE_TERMS, post_id=post_id, language=language)


async def delete(db: WriteTransaction, post_id: UUID) -> None:
    await db.execute(_DELETE, post_id=post_id)


class Underived(NamedTuple):
    """A post of which nothing has been made yet, or by an older renderer."""

    post_id: UUID
    version: int
    body: str


async def list_underived(reads: ReadPool, limit: int) -> list[Underived]:
    """Posts that the previous release has written, and then those whose HTML an older renderer has made."""
    rows = await reads.fetch_rows(_UNDERIVED, limit=limit)
    return [
        Underived(*row) for row in rows or await reads.fetch_rows(_OUTDATED, limit=limit, renderer=RENDERER_VERSION)
    ]
