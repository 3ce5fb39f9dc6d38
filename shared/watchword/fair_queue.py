"""A queue that serves its owners in turn."""

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """First come, first served for the items of one owner; between owners, one item of each in turn.

    So whoever queues a hundred items waits for a hundred, and others wait for one of them.
    """

    def __init__(self) -> None:
        # No line is empty.
        self._lines: OrderedDict[Hashable, deque[Item]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def length_of(self, owner: Hashable) -> int:
        """How many items of this owner wait."""
        return len(self._lines.get(owner, ()))

    def put(self, owner: Hashable, item: Item) -> None:
        self._lines.setdefault(owner, deque()).append(item)

    def take(self) -> Item:
        """The next item. It is the turn of its owner again after all others. Raises KeyError if there is none."""
        owner, line = self._lines.popitem(last=False)
        item = line.popleft()
        if line:
            self._lines[owner] = line
        return item

    def make_room_for(self, owner: Hashable) -> Item | None:
        """Take out the last item of the owner of the most, so that one of this owner fits into a full queue. None if
        the others have no more items than this owner would have then. Who loses an item keeps the turn."""
        longest = max(self._lines.values(), key=len, default=deque[Item]())
        if len(longest) < self.length_of(owner) + 2:
            return None
        return longest.pop()

    def discard(self, owner: Hashable, item: Item) -> None:
        """Take this item of this owner out, if it waits."""
        if item in self._lines.get(owner, ()):
            self._lines[owner].remove(item)
            self._delete_if_empty(owner)

    def _delete_if_empty(self, owner: Hashable) -> None:
        if not self._lines[owner]:
            del self._lines[owner]
