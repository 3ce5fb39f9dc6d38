"""Whose turn it is to search."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from posts_service.errors import SearchBusy
from watchword.fair_queue import FairQueue


class SearchTurns:
    """Turns to search, `at_once` of them at a time. `waiting` further searches wait at most, and their owners are
    served in turn. If every place is taken, an owner with fewer searches takes one of the owner who has most."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._free = at_once
        self._most_waiting = waiting
        self._queue: FairQueue[asyncio.Future[None]] = FairQueue()

    def __len__(self) -> int:
        """How many searches wait."""
        return len(self._queue)

    @asynccontextmanager
    async def turn(self, owner: Hashable) -> AsyncIterator[None]:
        """A turn during the block. Raises SearchBusy."""
        await self._acquire(owner)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, owner: Hashable) -> None:
        if self._free:
            self._free -= 1
            return
        self._ensure_place(owner)
        turn = asyncio.get_running_loop().create_future()
        self._queue.put(owner, turn)
        try:
            await turn
        except asyncio.CancelledError:
            self._queue.discard(owner, turn)
            # The turn may have been given before its search was broken off.
            if not turn.cancelled() and turn.exception() is None:
                self._release()
            raise

    def _ensure_place(self, owner: Hashable) -> None:
        if len(self._queue) < self._most_waiting:
            return
        displaced = self._queue.make_room_for(owner)
        if displaced is None:
            raise SearchBusy
        if not displaced.done():
            displaced.set_exception(SearchBusy("somebody with fewer searches has taken this place"))

    def _release(self) -> None:
        """Give the turn to the next search that waits."""
        while len(self._queue):
            turn = self._queue.take()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
