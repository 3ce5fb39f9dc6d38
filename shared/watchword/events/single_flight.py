"""Work of which one run is enough for everybody who needs it at the same time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from watchword.errors import Unavailable
from watchword.tasks import cancel_and_wait


class SingleFlight:
    """Runs `work` once at a time. Everybody who waits for it waits for the same run, which goes on if a caller is
    cancelled. `name` says what it is, for errors."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        self._work = work
        self._name = name
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    async def wait(self) -> None:
        """Wait for the run that is on its way, or else for a new one. Raises what it raises, and Unavailable if it is
        closed."""
        task = self._begin()
        await asyncio.wait([task])
        if task.cancelled():
            raise Unavailable(f"this process has stopped {self._name}")
        task.result()

    async def wait_for_new(self) -> None:
        """Wait for a run that begins from now on. Raises as `wait` does."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task])
        await self.wait()

    async def close(self) -> None:
        """End the run that is on its way, and begin none before `open`. Those who wait for one get Unavailable."""
        self._is_closed = True
        if self._task is not None:
            await cancel_and_wait([self._task])

    def open(self) -> None:
        self._is_closed = False

    def _begin(self) -> "asyncio.Task[None]":
        if self._is_closed:
            raise Unavailable(f"this process stops {self._name}")
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
            # Retrieved, because those who wait for it may have gone.
            self._task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._task
