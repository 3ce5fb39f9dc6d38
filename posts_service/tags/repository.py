"""The SQL of changes of tags.

The rows of `tags` are the only ones that posts of different authors share: each transaction changes them in one
statement, in the order of their names, after everything else that others could wait for.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    DateTime,
    Integer,
    Select,
    String,
    Uuid,
    all_,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert

from posts_service.tables import any_of
from posts_service.tags.models import PostTag, Tag
from watchword.database import locks
from watchword.database.portions import delete_portion
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement
from watchword.database.writes import WriteTransaction

_MORE: Final = literal_column("1", Integer)
_LESS: Final = literal_column("-1", Integer)


def insertion(new: CTE, after: CTE) -> tuple[CTE, CTE]:
    """The parts of a statement that insert the tags of a post: its rows, and their counts.

    `new` has one row with the columns `id`, `published_at` and `public_tags`. The counts are changed after `after`.
    """
    tag = func.unnest(new.c.public_tags).table_valued("name").render_derived("tag")
    rows = insert(PostTag).from_select(
        ["post_id", "tag", "published_at"],
        select(new.c.id, tag.c.name, new.c.published_at).select_from(new.join(tag, true())),
    )
    names = select(tag.c.name, _MORE.label("posts")).select_from(new.join(after, true()).join(tag, true()))
    return rows.cte("tag_rows"), _count(names).cte("tag_counts")


def _count(names: Select[Any]) -> Insert:
    """Add numbers to the counts of tags. The query has their names, each once, and the numbers."""
    changes = names.subquery("changes")
    statement = insert(Tag).from_select(
        ["name", "posts"], select(changes.c.name, changes.c.posts).order_by(changes.c.name)
    )
    return statement.on_conflict_do_update(
        index_elements=[Tag.name], set_={"posts": Tag.posts + statement.excluded.posts}
    )


def _replacement() -> Insert:
    """Make the rows of one post those of `tags`, whatever they are now, and count what that changes."""
    post_id, tags = bindparam("post_id", type_=Uuid()), bindparam("tags", type_=ARRAY(String))
    surplus = (
        delete(PostTag)
        .where(PostTag.post_id == post_id, PostTag.tag != all_(tags))
        .returning(PostTag.tag)
        .cte("surplus")
    )
    tag: Any = func.unnest(tags).column_valued("name")
    published_at = bindparam("published_at", type_=DateTime(timezone=True))
    rows = insert(PostTag).from_select(["post_id", "tag", "published_at"], select(post_id, tag, published_at))
    missing = rows.on_conflict_do_nothing().returning(PostTag.tag).cte("missing")
    changes = union_all(
        select(surplus.c.tag.label("name"), _LESS.label("posts")), select(missing.c.tag, _MORE)
    ).subquery("both")
    return _count(select(changes.c.name, changes.c.posts))


_REPLACE: Final = Statement(_replacement())


async def replace(db: WriteTransaction, post_id: UUID, tags: Sequence[str], published_at: datetime | None) -> None:
    """Make these the tags that the post is listed by, and counts. Its row must be locked. A post that is not published
    has none."""
    await db.execute(_REPLACE, post_id=post_id, tags=list(tags), published_at=published_at)


_AFTER: Final = bindparam("after", type_=String())
_SOME: Final = (
    select(Tag.name, Tag.posts)
    .where(Tag.name > _AFTER)
    .order_by(Tag.name)
    .limit(bindparam("limit", type_=Integer()))
    .subquery("some")
)
_ROWS_BEFORE: Final = func.sum(_SOME.c.posts).over(order_by=_SOME.c.name) - _SOME.c.posts
_COUNTED: Final = select(_SOME.c.name, _ROWS_BEFORE.label("rows_before")).subquery("counted")
NAMES: Final = Statement(
    select(_COUNTED.c.name)
    .where(_COUNTED.c.rows_before < bindparam("most_rows", type_=Integer()))
    .order_by(_COUNTED.c.name)
)


async def list_names(reads: ReadPool, after: str, limit: int, most_rows: int) -> list[str]:
    """The tags after this one, in the order of their names: at most `limit`, and none after those that have `most_rows`
    posts together."""
    rows = await reads.fetch_rows(NAMES, after=after, limit=limit, most_rows=most_rows)
    return [row["name"] for row in rows]


def _correction() -> ReturningInsert[str]:
    """Add to the counts of tags what they lack. One snapshot has the counts and the rows: what others change meanwhile
    is in neither, and adds to the counts before or after this."""
    rows = select(func.count()).where(PostTag.tag == Tag.name).scalar_subquery()
    lacks = select(Tag.name, (rows - Tag.posts).label("posts")).where(
        Tag.name == func.any(bindparam("names", type_=ARRAY(String)))
    )
    changes = lacks.cte("lacks").prefix_with("MATERIALIZED")
    wrong = select(changes.c.name, changes.c.posts).where(changes.c.posts != literal_column("0"))
    return _count(wrong).returning(Tag.name)


# A tag that millions of posts have takes seconds.
CORRECT: Final = Statement(_correction(), timeout_seconds=30)
_CORRECTION: Final = "correction of the counts of tags"


async def correct(db: WriteTransaction, names: Sequence[str]) -> int:
    """Make the counts of these tags what the rows say, while others publish and delete; none of them waits. Returns how
    many were wrong."""
    # What a tag lacks may be added once. The statement that counts begins after the lock, and sees what was added.
    await locks.lock(db, _CORRECTION)
    return len(await db.fetch_rows(CORRECT, names=list(names)))


async def delete_all_of(db: AsyncSession, post_ids: Sequence[UUID]) -> None:
    """Delete the tags of these posts, whose rows are locked, and count them out."""
    surplus = delete(PostTag).where(PostTag.post_id == any_of(post_ids)).returning(PostTag.tag).cte("surplus")
    names = select(surplus.c.tag.label("name"), (-func.count()).label("posts")).group_by(surplus.c.tag)
    await db.execute(_count(names))


async def delete_unused(db: AsyncSession) -> int:
    """Delete a portion of the tags that no published post has. Returns how many. One that a post is getting stays,
    or is inserted again."""
    return await delete_portion(db, Tag, -Tag.posts >= 0, order_by=[-Tag.posts, Tag.name])
