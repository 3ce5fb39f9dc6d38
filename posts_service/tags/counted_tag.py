"""A tag in the list of tags, and its cursor."""

import struct
from typing import Final, NamedTuple

from posts_service.tags.tag import InvalidTag, normalized
from watchword.http.keyset import InvalidCursor, cursor_of, key_of

_LIST_NAME: Final = "tags"
_COUNT: Final = struct.Struct(">I")
_MOST_POSTS: Final = 2**31 - 1


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
START: Final = CountedTag("", _MOST_POSTS)
