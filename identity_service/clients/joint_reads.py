"""One reading for all callers that ask for the same value in the same turn of the event loop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class JointReads(Generic[Value]):
    """Reads values by their keys. A caller joins a reading only if it has not begun, so that nobody gets a value that
    was read before the call. The reading goes on if a caller is cancelled."""

    def __init__(self, read: Callable[[str], Coroutine[Any, Any, Value]]) -> None:
        self._read = read
        self._callers: dict[str, list[asyncio.Future[Value]]] = {}
        # The event loop alone would not keep a task alive.
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: str) -> Value:
        """The value with this key. Raises what reading it raises."""
        caller: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        if (callers := self._callers.get(key)) is not None:
            callers.append(caller)
        else:
            self._begin(key, [caller])
        return await caller

    def _begin(self, key: str, callers: list[asyncio.Future[Value]]) -> None:
        """Let a reading begin in the next turn of the event loop; callers of this turn still join it."""
        self._callers[key] = callers
        task = asyncio.create_task(self._read_for_callers(key))
        self._tasks.add(task)

        def on_end(_: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if self._callers.get(key) is callers:
                # The task was cancelled before it began.
                del self._callers[key]
            for caller in callers:
                # No effect on a caller that has its result.
                caller.cancel()

        task.add_done_callback(on_end)

    async def _read_for_callers(self, key: str) -> None:
        callers = self._callers.pop(key)
        try:
            value = await self._read(key)
        except Exception as error:
            for caller in callers:
                # A caller that is done was cancelled.
                if not caller.done():
                    caller.set_exception(error)
        else:
            for caller in callers:
                if not caller.done():
                    caller.set_result(value)
