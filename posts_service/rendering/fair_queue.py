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
        self._queues: OrderedDict[Hashable, deque[Item]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, owner: Hashable, item: Item) -> None:
        self._queues.setdefault(owner, deque()).append(item)
        self._length += 1

    def take(self) -> Item:
        """The next item. Raises KeyError if there is none."""
        owner, queue = self._queues.popitem(last=False)
        item = queue.popleft()
        if queue:
            self._queues[owner] = queue
        self._length -= 1
        return item
