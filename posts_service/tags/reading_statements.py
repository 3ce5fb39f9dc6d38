"""The SQL that reads the list of tags, a walk along one index."""

from typing import Final

from sqlalchemy import Integer, String, bindparam, literal_column, select, tuple_

from posts_service.tags.counted_tag import CountedTag
from posts_service.tags.models import Tag
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

_ORDER: Final = -Tag.posts, Tag.name
_PLACE: Final = tuple_(bindparam("place", type_=Integer()), bindparam("name", type_=String()))
LIST: Final = Statement(
    select(Tag.name, Tag.posts)
    # As the index has it, so that the walk ends before the tags that no post has.
    .where(-Tag.posts < literal_column("0"), tuple_(*_ORDER) > _PLACE)
    .order_by(*_ORDER)
    .limit(bindparam("limit", type_=Integer()))
)


async def list_tags(reads: ReadPool, begin: CountedTag, limit: int) -> list[CountedTag]:
    """The tags of published posts that come after `begin`: those that most posts have come first."""
    rows = await reads.fetch_rows(LIST, place=-begin.posts, name=begin.name, limit=limit)
    return [CountedTag(*row) for row in rows]
