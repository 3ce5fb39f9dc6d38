"""Lists as a whole, for the choices of a form."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from watchword.http.paging import Page

Item = TypeVar("Item")

_AT_ONCE: Final = 100


async def all_of(list_page: Callable[[str | None, int], Awaitable[Page[Item]]]) -> list[Item]:
    """The items of every page of this list, in its order."""
    page = await list_page(None, _AT_ONCE)
    items = list(page.items)
    while page.next_cursor is not None:
        page = await list_page(page.next_cursor, _AT_ONCE)
        items += page.items
    return items
