"""The SQL of the versions of a post: the present one, and those before it."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Select, Uuid, bindparam, case, literal_column, select, union_all

from posts_service.authors.models import Author
from posts_service.posts.columns import EDITOR_ID
from posts_service.posts.models import Post
from posts_service.versions.models import PostVersion
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

_POST_ID: Final = bindparam("post_id", type_=Uuid())
_LIMIT: Final = bindparam("limit", type_=Integer())


class Version(NamedTuple):
    """One version of a post. In a list, `body` is empty. `summary` is None if its author had given none; the editor is
    None if their account is deleted, and their name if this service does not know it."""

    version: int
    title: str
    summary: str | None
    tags: list[str]
    state: str
    editor_id: UUID | None
    editor_name: str | None
    written_at: datetime
    body: str


def _present(*conditions: Any) -> Select[Any]:
    return select(
        Post.version,
        Post.title,
        case((Post.has_own_summary, Post.summary)).label("summary"),
        Post.tags,
        Post.state,
        EDITOR_ID.label("editor_id"),
        Post.updated_at.label("written_at"),
        Post.body,
    ).where(Post.id == _POST_ID, *conditions)


def _former(*conditions: Any) -> Select[Any]:
    names = "version", "title", "summary", "tags", "state", "editor_id", "written_at", "body"
    columns = [getattr(PostVersion, name) for name in names]
    return select(*columns).where(PostVersion.post_id == _POST_ID, *conditions)


def _statement(present: Select[Any], former: Select[Any], body: Any | None = None) -> Select[Any]:
    rows = union_all(present, former).subquery("versions")
    body = rows.c.body if body is None else body
    columns = {**{column.key: column for column in rows.c}, "editor_name": Author.username, "body": body}
    return (
        select(*(columns[name].label(name) for name in Version._fields))
        .select_from(rows)
        .outerjoin(Author, Author.id == rows.c.editor_id)
    )


_NUMBER: Final = bindparam("version", type_=Integer())
ONE: Final = Statement(_statement(_present(Post.version == _NUMBER), _former(PostVersion.version == _NUMBER)))

_BEFORE: Final = bindparam("before", type_=Integer())
_NEWEST: Final = _former(PostVersion.version < _BEFORE).order_by(PostVersion.version.desc()).limit(_LIMIT)
LIST: Final = Statement(
    _statement(_present(Post.version < _BEFORE), _NEWEST.subquery("newest").select(), literal_column("''"))
    .order_by(literal_column("version").desc())
    .limit(_LIMIT)
)


async def find_version(reads: ReadPool, post_id: UUID, version: int) -> Version | None:
    row = await reads.fetch_row(ONE, post_id=post_id, version=version)
    return None if row is None else Version(*row)


async def list_versions(reads: ReadPool, post_id: UUID, before: int, limit: int) -> list[Version]:
    """The versions of the post with a smaller number than `before`, the newest first, without their bodies."""
    rows = await reads.fetch_rows(LIST, post_id=post_id, before=before, limit=limit)
    return [Version(*row) for row in rows]
