"""Connections: how every one is made, and one outside the pools for what holds it all the time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import asyncpg

from watchword.database.address import connect_arguments
from watchword.database.errors import DatabaseUnavailable

CONNECT_TIMEOUT_SECONDS: Final = 3.0
COMMAND_TIMEOUT_SECONDS: Final = 5.0

Preparation: TypeAlias = Callable[["asyncpg.Connection[asyncpg.Record]"], Awaitable[None]]

_FAILURES: Final = (
    OSError,
    TimeoutError,
    UnicodeError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


async def connect_with_settings(
    url: str, *settings: str, timeout: float, command_timeout: float | None, prepare: Preparation | None = None
) -> "asyncpg.Connection[asyncpg.Record]":
    """A new connection as `connect` makes it, on which the statements `settings` have been run, and then `prepare`.

    They are statements because a pooler may refuse a setting in the message that opens a connection.
    """
    connection = await connect(url, timeout=timeout, command_timeout=command_timeout)
    try:
        await connection.execute(";".join(settings))
        if prepare is not None:
            await prepare(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def connect(url: str, *, timeout: float, command_timeout: float | None) -> "asyncpg.Connection[asyncpg.Record]":
    """A new connection, made as the URL says. Each host is tried for `timeout` seconds, or for its `connect_timeout`.

    Raises DatabaseUnavailable if no host accepts it, for whatever reason: a later try may succeed.
    """
    arguments = connect_arguments(url)
    failures: list[Exception] = []
    for dsn in arguments.dsns:
        try:
            return await asyncpg.connect(
                dsn, timeout=arguments.connect_timeout or timeout, command_timeout=command_timeout
            )
        except _FAILURES as error:
            failures.append(error)
    reasons = "; ".join(repr(error) for error in failures)
    raise DatabaseUnavailable(f"cannot connect to the database: {reasons}") from failures[-1]


@asynccontextmanager
async def dedicated_connection(
    url: str,
) -> AsyncIterator[tuple["asyncpg.Connection[asyncpg.Record]", asyncio.Event]]:
    """A connection for as long as the block lasts, and an event that is set when the connection is lost.

    Raises DatabaseUnavailable for every error of PostgreSQL or of the network, also for those of the block.
    """
    lost = asyncio.Event()
    connection = await connect(url, timeout=CONNECT_TIMEOUT_SECONDS, command_timeout=COMMAND_TIMEOUT_SECONDS)
    try:
        connection.add_termination_listener(lambda _: lost.set())
        yield connection, lost
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnavailable(repr(error)) from error
    finally:
        connection.terminate()
