"""Wait until something becomes true: look again every 20 ms, for a bounded time. `await until(…)` in the event loop,
`wait_until(…)` anywhere else."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.02


async def until(condition: Callable[[], bool | Awaitable[bool]], why: Callable[[], str] = str) -> None:
    """Return once the function or coroutine function `condition` says true. Fails with `why` if time runs out."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await _is_true(condition):
        assert time.monotonic() < deadline, why()
        await asyncio.sleep(PAUSE_SECONDS)


def wait_until(condition: Callable[[], bool], why: Callable[[], str] = str) -> None:
    """Return once `condition` says true, and block the thread until then. Fails with `why` if time runs out."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(PAUSE_SECONDS)


async def _is_true(condition: Callable[[], bool | Awaitable[bool]]) -> bool:
    answer = condition()
    return await answer if inspect.isawaitable(answer) else answer
