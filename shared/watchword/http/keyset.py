"""Where a page ended: the key of its last row, in a form that clients need not understand and that names its list."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Final
from uuid import UUID

from watchword.errors import Invalid

_NAME_BYTES: Final = 5


class InvalidCursor(Invalid):
    code = "invalid_cursor"
    detail = "This cursor was not made by this service, or it is that of another list."
    pointer = "/query/cursor"


def cursor_of(list_name: str, key: bytes) -> str:
    """The cursor of this list whose next page begins behind `key`."""
    return urlsafe_b64encode(_digest(list_name) + key).decode()


def key_of(list_name: str, cursor: str, length: int | None = None) -> bytes:
    """The key in a cursor of this list, of so many bytes if `length` says so. Raises InvalidCursor for other texts."""
    try:
        content = urlsafe_b64decode(cursor.encode("ascii"))
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    name, key = content[:_NAME_BYTES], content[_NAME_BYTES:]
    # Decoding skips characters that are not Base64, so several texts would mean the same cursor.
    if (
        name != _digest(list_name)
        or len(key) != (len(key) if length is None else length)
        or cursor_of(list_name, key) != cursor
    ):
        raise InvalidCursor
    return key


def id_in(list_name: str, cursor: str) -> UUID:
    """The id in a cursor of this list. Raises InvalidCursor."""
    return UUID(bytes=key_of(list_name, cursor, 16))


def text_in(list_name: str, cursor: str) -> str:
    """The text in a cursor of this list. Raises InvalidCursor, also for what no table can hold."""
    try:
        text = key_of(list_name, cursor).decode()
    except UnicodeDecodeError:
        raise InvalidCursor from None
    if "\x00" in text:
        raise InvalidCursor
    return text


def _digest(list_name: str) -> bytes:
    return blake2b(list_name.encode(), digest_size=_NAME_BYTES).digest()
