"""The list of tags: those that most published posts have come first."""

import struct
from typing import Final, NamedTuple

from sqlalchemy import Integer, String, bindparam, literal_column, select, tuple_

from posts_service.errors import InvalidCursor
from posts_service.keyset import cursor_of, key_of
from posts_service.paging import Page
from posts_service.tags.models import Tag
from posts_service.tags.tag import InvalidTag, normalized
from watchword.database.database import Database
from watchword.database.statements import Statement

_LIST_NAME: Final = "tags"
_COUNT: Final = struct.Struct(">I")
_MOST_POSTS: Final = 2**31 - 1

_ORDER: Final = -Tag.posts, Tag.name
_PLACE: Final = tuple_(bindparam("place", type_=Integer()), bindparam("name", type_=String()))
LIST: Final = Statement(
    select(Tag.name, Tag.posts)
    # As the index has it, so that the walk ends before the tags that no post has.
    .where(-Tag.posts < literal_column("0"), tuple_(*_ORDER) > _PLACE)
    .order_by(*_ORDER)
    .limit(bindparam("limit", type_=Integer()))
)


class CountedTag(NamedTuple):
    """A tag, and how many published posts have it."""

    name: str
    posts: int

    @classmethod
    def parse(cls, cursor: str) -> "CountedTag":
        """The tag that `as_cursor` writes as this text. Raises InvalidCursor."""
        key = key_of(_LIST_NAME, cursor)
        try:
            (posts,), name = _COUNT.unpack(key[: _COUNT.size]), key[_COUNT.size :].decode()
            if not 0 < posts <= _MOST_POSTS or normalized(name) != name:
                raise InvalidCursor
        except (struct.error, UnicodeDecodeError, InvalidTag):
            raise InvalidCursor from None
        return cls(name, posts)

    def as_cursor(self) -> str:
        return cursor_of(_LIST_NAME, _COUNT.pack(self.posts) + self.name.encode())


# Before the first page: no tag has this name.
_START: Final = CountedTag("", _MOST_POSTS)


class TagReading:
    """The use case of readers."""

    def __init__(self, database: Database) -> None:
        self._reads = database.reads

    async def list(self, cursor: str | None, limit: int) -> Page[CountedTag]:
        """The tags of published posts after the place of the cursor. Raises InvalidCursor."""
        begin = _START if cursor is None else CountedTag.parse(cursor)
        rows = await self._reads.fetch_rows(LIST, place=-begin.posts, name=begin.name, limit=limit + 1)
        return Page.of([CountedTag(*row) for row in rows], limit, CountedTag.as_cursor)
