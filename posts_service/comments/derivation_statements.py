"""The SQL that finds and replaces the HTML of comments that an older renderer has made.

It locks a comment alone, for one statement, and no post: its text and its place stay as they are.
"""

from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Integer, SmallInteger, String, Uuid, bindparam, select, update

from posts_service.comments.models import Comment
from posts_service.rendering.version import RENDERER_VERSION
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction

_RENDERER: Final = bindparam("renderer", type_=SmallInteger())

OUTDATED: Final = Statement(
    select(Comment.id, Comment.version, Comment.body)
    .where(Comment.body.is_not(None), Comment.renderer < _RENDERER)
    .order_by(Comment.renderer)
    .limit(bindparam("limit", type_=Integer()))
)
# Whoever changes or removes a comment raises its version.
_UPDATE: Final = Statement(
    update(Comment)
    .where(
        Comment.id == bindparam("comment_id", type_=Uuid()), Comment.version == bindparam("version", type_=Integer())
    )
    .values(html=bindparam("html", type_=String()), renderer=_RENDERER)
)


class Outdated(NamedTuple):
    """A comment whose HTML an older renderer has made."""

    comment_id: UUID
    version: int
    body: str


async def list_outdated(reads: ReadPool, limit: int) -> list[Outdated]:
    rows = await reads.fetch_rows(OUTDATED, limit=limit, renderer=RENDERER_VERSION)
    return [Outdated(*row) for row in rows]


async def update_html(db: WriteTransaction, outdated: Outdated, html: str) -> None:
    """Store this HTML, if the comment still has the version that it is made of."""
    version = {"comment_id": outdated.comment_id, "version": outdated.version}
    await db.execute(_UPDATE, **version, html=html, renderer=RENDERER_VERSION)
