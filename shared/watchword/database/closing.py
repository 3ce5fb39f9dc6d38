"""Connections that are closed in the background, each after the server was asked to cancel what runs on it."""

import asyncio
from contextlib import suppress
from typing import Final

import asyncpg

CLOSE_TIMEOUT_SECONDS: Final = 2.0


class ClosingConnections:
    """The connections of one pool that are being closed.

    A connection that is only cut off leaves its statement running in the server, which keeps its locks, or waits for
    those of others, until it ends.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def close(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Begin to close a connection, which nobody may use from now on. It is cut off if that takes too long."""
        task = asyncio.get_running_loop().create_task(_close(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Return when the connections that are being closed now are closed or cut off. If the caller is cancelled, they
        are closed all the same."""
        if self._tasks:
            await asyncio.wait(self._tasks)


async def _close(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    # asyncpg cancels a statement that was given up, and waits for its end. If it cannot, it cuts the connection off.
    with suppress(Exception):
        await connection.close(timeout=CLOSE_TIMEOUT_SECONDS)
