"""What starts and stops with an app: keys that are fetched, a receiver that polls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol, runtime_checkable


@runtime_checkable
class Background(Protocol):
    """Something that works in the background while an app runs."""

    async def start(self) -> None:
        """Begin. Returns when the first request may come."""

    async def stop(self) -> None:
        """End what `start` began, also if it began only in part or not at all."""


@asynccontextmanager
async def running(part: object) -> AsyncIterator[None]:
    """Start `part` and stop it at the end of the block. Does nothing with an object that is not a `Background`."""
    if not isinstance(part, Background):
        yield
        return
    try:
        await part.start()
        yield
    finally:
        await part.stop()
