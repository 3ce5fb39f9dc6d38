"""One connection that is kept for short statements which must not wait for a pool, nor for a network that is gone."""

import asyncio
from typing import Any, Final

import asyncpg

from watchword.database.connections import connect
from watchword.database.errors import DatabaseUnavailable, as_unavailable
from watchword.database.statements import Statement

CONNECT_TIMEOUT_SECONDS: Final = 2.0
STATEMENT_TIMEOUT_SECONDS: Final = 2.0
LOCK_TIMEOUT_MILLISECONDS: Final = 500


class LockHeld(DatabaseUnavailable):
    """Another connection holds a row that the statement needs. Other statements may succeed meanwhile."""


class StatementConnection:
    """Runs one statement after another, each a transaction of its own in one message: a process that stands still
    leaves no lock behind. It connects at the first use, and anew at the first one after a failure or `close`.
    A statement is given up after STATEMENT_TIMEOUT_SECONDS.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._lock = asyncio.Lock()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def fetch(self, statement: Statement, **values: Any) -> list[asyncpg.Record]:
        """The rows that the statement returns. Raises DatabaseUnavailable; LockHeld for a lock of another's."""
        arguments = statement.arguments(values)
        async with self._lock:
            try:
                connection = await self._open()
                return await connection.fetch(statement.sql, *arguments, timeout=STATEMENT_TIMEOUT_SECONDS)
            except asyncpg.LockNotAvailableError as error:
                raise LockHeld(repr(error)) from error
            except BaseException as error:
                # A statement that was given up may still run, and would hold up those after it.
                self.close()
                if isinstance(error, Exception) and (unavailable := as_unavailable(error)) is not None:
                    raise unavailable from error
                raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _open(self) -> "asyncpg.Connection[asyncpg.Record]":
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(
                self._dsn, timeout=CONNECT_TIMEOUT_SECONDS, command_timeout=STATEMENT_TIMEOUT_SECONDS
            )
            await self._connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MILLISECONDS}")
        return self._connection
