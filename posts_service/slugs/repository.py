"""The SQL of slugs."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, String, Uuid, bindparam, case, delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.slugs.models import Slug
from posts_service.slugs.slug import another_slug
from posts_service.tables import UNSYNCHRONIZED, any_of
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
_FIND: Final = Statement(select(Slug.slug).where(Slug.slug == _SLUG, Slug.post_id == _POST_ID))
_DELETE_OTHERS: Final = Statement(delete(Slug).where(Slug.post_id == _POST_ID, Slug.slug != _SLUG))
_DELETE: Final = Statement(delete(Slug).where(Slug.post_id == _POST_ID))


async def take(db: WriteTransaction, post_id: UUID, wishes: Sequence[str]) -> str:
    """Give the post the first of these slugs that no other post has, or else one that begins like the first. Returns
    the slug."""
    others = iter(wishes)
    slug = next(others)
    while await db.fetch_row(_TAKE, slug=slug, post_id=post_id) is None:
        slug = next(others, None) or another_slug(wishes[0])
    return slug


async def has(db: WriteTransaction, post_id: UUID, slug: str) -> bool:
    """Whether the post has this slug, or has had it."""
    return await db.fetch_row(_FIND, slug=slug, post_id=post_id) is not None


async def delete_others(db: WriteTransaction, post_id: UUID, slug: str) -> None:
    """Delete every slug of the post but this one."""
    await db.execute(_DELETE_OTHERS, post_id=post_id, slug=slug)


async def delete_of(db: WriteTransaction, post_id: UUID) -> None:
    """Delete the slugs of a post that is being deleted, before its tags: whoever takes a slug locks the row of another
    post that has it, and then tags."""
    await db.execute(_DELETE, post_id=post_id)


async def delete_all_of(db: AsyncSession, post_ids: Sequence[UUID]) -> None:
    """Delete the slugs of posts that are being deleted, before their tags (see `delete_of`)."""
    await db.execute(delete(Slug).where(Slug.post_id == any_of(post_ids)), execution_options=UNSYNCHRONIZED)
