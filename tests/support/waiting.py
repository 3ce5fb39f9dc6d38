"""Waiting for something to become true: looked at again and again, for a bounded time, and never for luck."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 60.0


def wait_until(condition: Callable[[], bool], why: Callable[[], str] = str) -> None:
    """Returns once it is true; fails with `why` when it does not become true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)


async def until(condition: Callable[[], bool]) -> None:
    """The same without holding up the event loop."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def until_async(condition: Callable[[], Awaitable[bool]]) -> None:
    """The same for a condition that has to be asked for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
