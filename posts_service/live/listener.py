"""One reader who listens."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

# What may wait for a listener who reads slowly. Then their stream ends, and they come back with their last id.
MAX_WAITING: Final = 100


class Listener:
    """A queue of parts of an event stream, each of which is sent to many listeners."""

    def __init__(self) -> None:
        # None is the end.
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()

    def put(self, part: bytes) -> None:
        if self._waiting.qsize() < MAX_WAITING:
            self._waiting.put_nowait(part)
        elif self._waiting.qsize() == MAX_WAITING:
            self.end()

    def end(self) -> None:
        self._waiting.put_nowait(None)

    async def parts(self) -> AsyncIterator[bytes]:
        while (part := await self._waiting.get()) is not None:
            yield part
