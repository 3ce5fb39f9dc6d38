"""Where a page of posts ended."""

import struct
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from watchword.http.keyset import cursor_of, key_of

_FORM: Final = struct.Struct(">q16s")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a post in one list. `position` is what the list sorts by, as a whole number of 64 bits."""

    list_name: str
    position: int
    post_id: UUID

    @classmethod
    def parse(cls, text: str, list_name: str) -> "Cursor":
        """The cursor that `str` writes as this text. Raises InvalidCursor for any other text, and for the cursor of
        another list."""
        position, post_id = _FORM.unpack(key_of(list_name, text, _FORM.size))
        return cls(list_name, position, UUID(bytes=post_id))

    def __str__(self) -> str:
        return cursor_of(self.list_name, _FORM.pack(self.position, self.post_id.bytes))
