"""Where a page ended: the instant and the id of its last post, in a form that clients need not understand."""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from posts_service.errors import InvalidCursor

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORM: Final = struct.Struct(">q16s")


@dataclass(frozen=True, slots=True)
class Cursor:
    at: datetime
    post_id: UUID

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """The cursor that `str` writes as this text. Raises InvalidCursor for any other text."""
        try:
            microseconds, post_id = _FORM.unpack(urlsafe_b64decode(text.encode("ascii")))
            cursor = cls(_EPOCH + timedelta(microseconds=microseconds), UUID(bytes=post_id))
        except (binascii.Error, struct.error, OverflowError, ValueError):
            raise InvalidCursor from None
        # Decoding skips characters that are not Base64, so several texts would mean the same cursor.
        if str(cursor) != text:
            raise InvalidCursor
        return cursor

    def __str__(self) -> str:
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        return urlsafe_b64encode(_FORM.pack(microseconds, self.post_id.bytes)).decode()
