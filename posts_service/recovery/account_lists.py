"""The list of accounts that `identity_service recovery list-accounts` prints: a JSON object in each line."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from posts_service.recovery.cards import AccountState
from watchword.errors import Invalid
from watchword.ids import parse_uuid

PORTION: Final = 5_000

_AGAIN: Final = "run it again with the whole list"


class AccountList:
    """One list, read once. `at` is when identity began it."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        """Raises Invalid if the first line is not that of such a list."""
        self._lines = iter(lines)
        self.count = 0
        first = _read(next(self._lines, b""), 1)
        try:
            at = datetime.fromisoformat(str(first.get("at")))
        except ValueError:
            raise Invalid(advice="this is no list of accounts: nothing was done") from None
        self.at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)

    def portions(self) -> Iterator[Sequence[AccountState]]:
        """The accounts, a portion at a time. Raises Invalid for a line that is no account, and at the end of a list
        that is not whole."""
        portion: list[AccountState] = []
        for number, line in enumerate(self._lines, 2):
            document = _read(line, number)
            if document.get("type") == "end":
                yield portion
                if document.get("count") == self.count:
                    return
                break
            portion.append(_state(document, number))
            self.count += 1
            if len(portion) == PORTION:
                yield portion
                portion = []
        raise Invalid(advice=f"the list is not whole, since its last line does not end it: {_AGAIN}")


def _state(document: dict[str, Any], number: int) -> AccountState:
    match document:
        case {"id": str(text), "active": bool(active), "version": int(version)}:
            user_id = parse_uuid(text)
            if user_id is not None:
                return AccountState(user_id, active, version)
    raise Invalid(advice=f"line {number} is no account: {_AGAIN}")


def _read(line: bytes, number: int) -> dict[str, Any]:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise Invalid(advice=f"line {number} is no JSON object: {_AGAIN}")
    return document
