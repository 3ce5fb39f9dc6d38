"""Threads that hash passwords, and the bounded queue in front of them, which serves the callers' addresses in turn."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple, TypeVar

from identity_service.errors import HashingBusy
from watchword.fair_queue import FairQueue
from watchword.limits import Pace
from watchword.tally import Tally

Result = TypeVar("Result")

_NICENESS: Final = 15


class _Waiter(NamedTuple):
    """Work that waits for a thread, and what its caller awaits: the future of the work once it has begun."""

    work: Callable[[], Any]
    begun: "asyncio.Future[asyncio.Future[Any]]"


class HashingQueue:
    """Runs work on `threads` threads at low priority, so that the event loop stays responsive; `waiting` callers wait.

    Each source, which is the address that a request came from, has a line of its own, of a quarter of the queue at
    most and at least of one. A free thread takes the first of the next line, so that a source with many requests
    delays those of another one by a single one of its own. If the queue is full, a source whose line is shorter by two
    than the longest takes the last place there, and the caller that waited in it gets HashingBusy. Many such
    refusals of one source leave at `pace`.
    """

    def __init__(self, *, threads: int, waiting: int, pace: Pace | None = None) -> None:
        self.threads = threads
        self.outcomes = Tally("accepted", "rejected")
        self._pace = pace or Pace()
        self._most_waiting = waiting
        self._most_of_one = max(1, waiting // 4)
        self._lines: FairQueue[_Waiter] = FairQueue()
        self._running = 0
        self._pool = self._new_pool()

    def stop(self) -> None:
        """End the threads. The next work starts new ones, since an app may be started a second time."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        while len(self._lines):
            self._lines.take().begun.cancel()
        self._pool = self._new_pool()

    def jobs(self) -> dict[str, int]:
        """How much work is being done now, and how much waits for a thread."""
        return {"running": self._running, "waiting": len(self._lines)}

    async def run(self, work: Callable[[], Result], source: str) -> Result:
        """What the work returns, or raises. Raises HashingBusy if the queue is full, or this source's part of it.

        A caller that is cancelled before its turn leaves the queue; work that has begun keeps its thread until its end.
        """
        if self._running < self.threads:
            self.outcomes["accepted"] += 1
            return await asyncio.shield(self._begin(work))
        try:
            self._ensure_place(source)
        except HashingBusy:
            await self._pace.wait([source.encode()])
            raise
        self.outcomes["accepted"] += 1
        waiter = _Waiter(work, asyncio.get_running_loop().create_future())
        self._lines.put(source, waiter)
        try:
            future = await waiter.begun
        except asyncio.CancelledError:
            # Unless it has begun.
            self._lines.discard(source, waiter)
            raise
        return await asyncio.shield(future)

    def _ensure_place(self, source: str) -> None:
        own = self._lines.length_of(source)
        if own >= self._most_of_one:
            self.outcomes["rejected"] += 1
            raise HashingBusy("this address has its part of the queue")
        if len(self._lines) < self._most_waiting:
            return
        self.outcomes["rejected"] += 1
        displaced = self._lines.make_room_for(source)
        if displaced is None:
            raise HashingBusy("the queue is full")
        if not displaced.begun.done():
            displaced.begun.set_exception(HashingBusy("another address has taken this place in the full queue"))

    def _begin(self, work: Callable[[], Result]) -> "asyncio.Future[Result]":
        self._running += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        # The thread is free when the work has ended, not when its caller has given up.
        future.add_done_callback(self._end)
        return future

    def _end(self, future: "asyncio.Future[Any]") -> None:
        self._running -= 1
        if not future.cancelled():
            # Retrieved, so that asyncio does not log it when the caller has given up.
            future.exception()
        self._begin_next()

    def _begin_next(self) -> None:
        """Begin the first work of the next line whose caller still waits."""
        while len(self._lines):
            work, begun = self._lines.take()
            if not begun.done():
                begun.set_result(self._begin(work))
                return

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, thread_name_prefix="hashing", initializer=_lower_thread_priority)


def _lower_thread_priority() -> None:
    """Raise the niceness of this thread, which Linux keeps for each thread: the event loop runs first."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
