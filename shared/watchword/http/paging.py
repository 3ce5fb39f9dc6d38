"""What every list has: its parameters, its pages, and the Link field of these."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

# A longer page is cut to fewer items, so that a client that reads slowly cannot make this process hold much memory. A
# hundred posts or comments of usual length fit.
MAX_PAGE_BYTES: Final = 131_072

Item = TypeVar("Item")


def in_digits(value: Any) -> Any:
    """Refuse a text that Python reads as a number and JSON does not, such as `1_0`, `+5` and `1.0`."""
    if isinstance(value, str) and not re.fullmatch("[0-9]{1,9}", value):
        raise PydanticCustomError("int_parsing", "Input should be a whole number, in digits alone")
    return value


PageLength = Annotated[int, Field(ge=1, le=100), BeforeValidator(in_digits)]
PageCursor = Annotated[str | None, Field(max_length=64, description="`next` of the previous page")]


# Without slots, since a cached property needs a place.
@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items of a list. `cursor_of` makes the cursor of the page that begins behind an item."""

    items: list[Item]
    cursor_of: Callable[[Item], str]
    is_last: bool = True

    @classmethod
    def of(cls, items: list[Item], limit: int, cursor_of: Callable[[Item], str]) -> "Page[Item]":
        """A page of at most `limit` items; one more than that means that there is a next page."""
        page = cls(items, cursor_of)
        return page.first(limit) if len(items) > limit else page

    @cached_property
    def next_cursor(self) -> str | None:
        """Where the next page begins, None on the last one."""
        return None if self.is_last else self.cursor_of(self.items[-1])

    def first(self, count: int) -> "Page[Item]":
        """The first `count` of these items, as a page that is not the last."""
        return Page(self.items[:count], self.cursor_of, is_last=False)


def cut_to_size(page: Page[Item], as_json: Callable[[Page[Item]], bytes]) -> tuple[Page[Item], bytes]:
    """As many items of the page as MAX_PAGE_BYTES hold, one at least; and the JSON of that page."""
    while len(content := as_json(page)) > MAX_PAGE_BYTES and len(page.items) > 1:
        count = len(page.items) * MAX_PAGE_BYTES // len(content)
        page = page.first(min(max(count, 1), len(page.items) - 1))
    return page, content


def link_to_next(path: str, parameters: Iterable[tuple[str, str]], next_cursor: str) -> str:
    """The Link field of the next page (RFC 8288); relative, since only the proxy in front knows the host.

    `parameters` are those of the query for this page.
    """
    query = [(name, value) for name, value in parameters if name != "cursor"]
    return f'<{path}?{urlencode([*query, ("cursor", next_cursor)])}>; rel="next"'
