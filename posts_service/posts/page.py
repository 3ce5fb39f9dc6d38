"""One page of a list of posts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from posts_service.posts.cursor import Cursor


class Listed(Protocol):
    """What a page has of each post."""

    def as_summary(self) -> dict[str, Any]:
        """Its members, not yet JSON."""
        ...


Item = TypeVar("Item", bound=Listed)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some posts of a list. `cursor_of` makes the place of one of them."""

    items: list[Item]
    cursor_of: Callable[[Item], Cursor]
    is_last: bool = True

    @classmethod
    def of(cls, items: list[Item], limit: int, cursor_of: Callable[[Item], Cursor]) -> "Page[Item]":
        """A page of at most `limit` posts; one item more than that means that there is a next page."""
        page = cls(items, cursor_of)
        return page.first(limit) if len(items) > limit else page

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins, None on the last one."""
        return None if self.is_last else str(self.cursor_of(self.items[-1]))

    def first(self, count: int) -> "Page[Item]":
        """The first `count` of these posts, as a page that is not the last."""
        return Page(self.items[:count], self.cursor_of, is_last=False)
