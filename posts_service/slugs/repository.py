"""The SQL of slugs."""

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, String, Uuid, bindparam, case, delete, exists
from sqlalchemy.dialects.postgresql import insert

from posts_service.slugs.models import Slug
from posts_service.slugs.slug import another_slug
from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction

SLUGS_KEY: Final = "slugs_pkey"
"""The constraint that refuses a slug of another post."""

_SLUG: Final = bindparam("slug", type_=String())
_POST_ID: Final = bindparam("post_id", type_=Uuid())

FREE_SLUG: Final[ColumnElement[str]] = case(
    (exists().where(Slug.slug == _SLUG), bindparam("another_slug", type_=String())), else_=_SLUG
)
"""The parameter `slug`, or `another_slug` if a post has that already. One that is being written counts for none: then
the constraint refuses the slug."""

_INSERT: Final = insert(Slug).values(slug=_SLUG, post_id=_POST_ID)
# Waits for the end of a transaction that is writing the same slug.
_TAKE: Final = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=[Slug.slug],
        set_={"post_id": _INSERT.excluded.post_id},
        where=Slug.post_id == _INSERT.excluded.post_id,
    ).returning(Slug.slug)
)
_DELETE_OTHERS: Final = Statement(delete(Slug).where(Slug.post_id == _POST_ID, Slug.slug != _SLUG))


async def take(db: WriteTransaction, post_id: UUID, slug: str) -> str:
    """Give the post this slug, or one that begins like it if another post has it. Returns the slug."""
    wish = slug
    while await db.fetch_row(_TAKE, slug=wish, post_id=post_id) is None:
        wish = another_slug(slug)
    return wish


async def delete_others(db: WriteTransaction, post_id: UUID, slug: str) -> None:
    """Delete every slug of the post but this one."""
    await db.execute(_DELETE_OTHERS, post_id=post_id, slug=slug)
