"""Connections outside the pools, for what holds one all the time: listening, and the lock of a leading process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from watchword.database.errors import DatabaseUnavailable

CONNECT_TIMEOUT_SECONDS: Final = 3.0
COMMAND_TIMEOUT_SECONDS: Final = 5.0


@asynccontextmanager
async def dedicated_connection(
    dsn: str,
) -> AsyncIterator[tuple["asyncpg.Connection[asyncpg.Record]", asyncio.Event]]:
    """A connection for as long as the block lasts, and an event that is set when the connection is lost.

    Raises DatabaseUnavailable for every error of PostgreSQL or of the network, also for those of the block.
    """
    lost = asyncio.Event()
    try:
        connection = await asyncpg.connect(
            dsn, timeout=CONNECT_TIMEOUT_SECONDS, command_timeout=COMMAND_TIMEOUT_SECONDS
        )
        connection.add_termination_listener(lambda _: lost.set())
        try:
            yield connection, lost
        finally:
            connection.terminate()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnavailable(repr(error)) from error
