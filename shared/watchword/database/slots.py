"""The slots of a pool, and the callers that wait for a free one."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Slots(Generic[Item]):
    """A fixed number of slots. Each is acquired by one caller at a time, and holds the item that it was released with.

    The slot that was released last is acquired first. Callers that wait are served in their order, each for at most
    `wait_timeout` seconds.
    """

    def __init__(self, size: int, *, wait_timeout: float) -> None:
        self.size = size
        self._wait_timeout = wait_timeout
        # None is an empty slot.
        self._free: list[Item | None] = [None] * size
        self._waiters: deque[asyncio.Future[Item | None]] = deque()

    @property
    def in_use(self) -> int:
        return self.size - len(self._free)

    @property
    def has_free(self) -> bool:
        """Whether the next caller need not wait."""
        return bool(self._free)

    @property
    def waiting(self) -> int:
        return len(self._waiters)

    def next_item(self) -> Item | None:
        """The item in the free slot that is acquired next, None if it is empty or no slot is free."""
        return self._free[-1] if self._free else None

    def take(self) -> Item | None:
        """Take the slot that is acquired next, which must be free; return its item."""
        return self._free.pop()

    async def acquire(self) -> Item | None:
        """Take a slot; return its item, None if it is empty. Raises TimeoutError if no slot becomes free in time."""
        return self.take() if self._free else await self._wait()

    def release(self, item: Item | None) -> None:
        """Give a slot back, which holds this item from now on."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(item)
                return
        self._free.append(item)

    def clear(self) -> list[Item]:
        """Empty the free slots; return the items that they held."""
        items = [item for item in self._free if item is not None]
        self._free = [None] * len(self._free)
        return items

    async def _wait(self) -> Item | None:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Item | None] = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_later(self._wait_timeout, _give_up, waiter)
        try:
            return await waiter
        except BaseException:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            elif not waiter.cancelled() and waiter.exception() is None:
                # The caller was cancelled just after it had been given a slot.
                self.release(waiter.result())
            raise
        finally:
            timer.cancel()


def _give_up(waiter: "asyncio.Future[Item | None]") -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError("no slot became free in time"))
