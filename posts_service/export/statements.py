"""The SQL that reads all that is one person's, each kind in the order of a key, a portion after the last one: a walk
along an index."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Integer, Select, Uuid, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from posts_service.authors.models import Author
from posts_service.comments.models import Comment
from posts_service.likes.models import Like
from posts_service.moderation.models import Report
from posts_service.posts.models import Post
from posts_service.versions.models import PostVersion
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

_PERSON: Final = bindparam("person_id", type_=Uuid())
_LIMIT: Final = bindparam("limit", type_=Integer())
_AFTER: Final = bindparam("after_id", type_=Uuid())
_AFTER_VERSION: Final = bindparam("after_version", type_=Integer())

BEGINNING: Final = UUID(int=0)
"""Before the id of any row."""


def _portion(statement: Select[*tuple[Any, ...]], person: Any, key: Any) -> Statement:
    """The rows of one person, by an index of both columns. If they were told by `=`, PostgreSQL could walk along the
    keys of everybody instead."""
    walk = tuple_(person, key) > tuple_(_PERSON, _AFTER)
    return Statement(statement.where(walk, person <= _PERSON).order_by(person, key).limit(_LIMIT))


CARD: Final = Statement(select(Author.id, Author.username).where(Author.id == _PERSON))

POSTS: Final = _portion(
    select(
        *(Post.id, Post.slug, Post.title, Post.body, Post.summary, Post.tags, Post.state, Post.unpublished_reason),
        *(Post.likes, Post.comments, Post.version, Post.created_at, Post.updated_at),
        func.coalesce(Post.published_at, Post.publish_at).label("published_at"),
    ),
    Post.author_id,
    Post.id,
)
COMMENTS: Final = _portion(
    select(
        *(Comment.id, Comment.post_id, Comment.parent_id, Comment.body, Comment.version),
        *(Comment.created_at, Comment.updated_at),
    ),
    Comment.author_id,
    Comment.id,
)
LIKES: Final = _portion(select(Like.post_id, Like.created_at), Like.person_id, Like.post_id)
REPORTS: Final = _portion(
    select(
        *(Report.id, Report.post_id, Report.comment_id, Report.reason, Report.state, Report.created_at),
    ),
    Report.reporter_id,
    Report.id,
)

_VERSION_KEY: Final = PostVersion.post_id, PostVersion.version
_VERSION_COLUMNS: Final = (
    *(PostVersion.post_id, PostVersion.version, PostVersion.title, PostVersion.body, PostVersion.summary),
    *(PostVersion.tags, PostVersion.state, PostVersion.written_at),
)
VERSIONS: Final = Statement(
    select(*_VERSION_COLUMNS)
    .where(
        PostVersion.post_id == func.any(bindparam("post_ids", type_=ARRAY(Uuid))),
        tuple_(*_VERSION_KEY) > tuple_(_AFTER, _AFTER_VERSION),
    )
    .order_by(*_VERSION_KEY)
    .limit(_LIMIT)
)


async def find_card(reads: ReadPool, person_id: UUID) -> Record | None:
    return await reads.fetch_row(CARD, person_id=person_id)


async def list_portion(reads: ReadPool, kind: Statement, person_id: UUID, after_id: UUID, limit: int) -> list[Record]:
    """At most so many rows of a kind whose key is an id, after this id."""
    return await reads.fetch_rows(kind, person_id=person_id, after_id=after_id, limit=limit)


async def list_versions(reads: ReadPool, post_ids: Sequence[UUID], after: tuple[UUID, int], limit: int) -> list[Record]:
    """At most so many former versions of these posts, after this version of this post."""
    post_id, version = after
    return await reads.fetch_rows(VERSIONS, post_ids=post_ids, after_id=post_id, after_version=version, limit=limit)
