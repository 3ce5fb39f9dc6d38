"""Lists of deleted accounts as commands write and read them: a JSON object in each line, and one that ends the list."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson

from watchword.errors import Invalid
from watchword.ids import parse_uuid


async def deletion_lines(portions: AsyncIterator[Sequence[UUID]]) -> AsyncIterator[bytes]:
    """The lines of a list of these ids."""
    count = 0
    async for portion in portions:
        count += len(portion)
        yield b"".join(_line({"type": "deletion", "user_id": str(user_id)}) for user_id in portion)
    yield _line({"type": "end", "count": count})


def deleted_ids(lines: Iterable[bytes]) -> list[UUID]:
    """The ids of a list, or of lines that have nothing but an id each. Raises Invalid for a list that is not whole."""
    ids: dict[UUID, None] = {}
    count = None
    is_list = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        document = _read(line, number)
        if document.get("type") == "end":
            count = document.get("count")
        elif (user_id := parse_uuid(str(document.get("user_id")))) is None:
            raise Invalid(advice=f"line {number} names no account: nothing was done")
        else:
            is_list = is_list or "type" in document
            ids[user_id] = None
    if count is None and not ids:
        # What is left of a list that could not be written.
        raise Invalid(advice="the list is empty, and does not even have the line that ends it: nothing was done")
    if is_list and count != len(ids):
        raise Invalid(advice="the list is not whole, since its last line does not end it: nothing was done")
    return list(ids)


def _read(line: bytes, number: int) -> dict[str, Any]:
    if not line.startswith(b"{"):
        return {"user_id": line.decode(errors="replace").strip()}
    try:
        document: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise Invalid(advice=f"line {number} is no JSON: nothing was done") from None
    return document


def _line(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
