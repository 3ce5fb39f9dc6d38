"""The read path: statements compiled once at import, held prepared on each connection, no session.

A statement that changes something may go this way if it is hot and is the whole transaction: an UPDATE in a CTE.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement
from sqlalchemy import Dialect, Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from watchword.database.errors import as_unavailable
from watchword.observability.tracing import database_span, is_on

_DIALECT: Final[Dialect] = asyncpg_dialect()  # type: ignore[no-untyped-call]

Result = TypeVar("Result")


class ReadStatement:
    """A SELECT, possibly with a change in a CTE, written with SQLAlchemy Core and compiled for asyncpg. Its
    arguments are its bound parameters by name.

    It is given up after `timeout_seconds`; without, after as long as any statement.
    """

    def __init__(self, select: Select[*tuple[Any, ...]], *, timeout_seconds: float | None = None) -> None:
        self.timeout_seconds = timeout_seconds
        compiled = select.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        # Spans are named after the first table that it reads.
        self.name = "SELECT " + " ".join(re.findall(r"\bFROM (\S+)", self.sql)[:1])
        self._names = tuple(compiled.positiontup or ())
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        self._parameters = frozenset(self._names) - self._constants.keys()

    def arguments(self, values: dict[str, Any]) -> Sequence[Any]:
        """The values in the order of the statement. Raises TypeError, naming what is missing or not a parameter."""
        if values.keys() != self._parameters:
            wrong = ", ".join(sorted(values.keys() ^ self._parameters))
            expected = ", ".join(sorted(self._parameters)) or "no arguments"
            raise TypeError(f"{self.name} takes {expected}; missing or unknown: {wrong}")
        constants = self._constants
        return [values[name] if name in values else constants[name] for name in self._names]


class _PooledConnection:
    """A connection with the statements that are prepared on it. `times_closed` is how often its pool had been closed
    when the read that opened it began."""

    __slots__ = ("connection", "prepared", "times_closed")

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", times_closed: int) -> None:
        self.connection = connection
        self.times_closed = times_closed
        self.prepared: dict[ReadStatement, PreparedStatement[asyncpg.Record]] = {}

    async def prepare(self, statement: ReadStatement) -> "PreparedStatement[asyncpg.Record]":
        prepared = self.prepared.get(statement)
        if prepared is None:
            prepared = self.prepared[statement] = await self.connection.prepare(statement.sql)
        return prepared

    async def execute(
        self, statement: ReadStatement, arguments: Sequence[Any], fetch: Callable[..., Awaitable[Result]]
    ) -> Result:
        prepared = await self.prepare(statement)
        try:
            return await fetch(prepared, *arguments, timeout=statement.timeout_seconds)
        except asyncpg.InvalidCachedStatementError:
            # A migration changed a table under the prepared statement.
            del self.prepared[statement]
            return await fetch(await self.prepare(statement), *arguments, timeout=statement.timeout_seconds)


class PoolUse(NamedTuple):
    """Connections that a pool may have, those that are in use, and how many callers wait for one."""

    size: int
    in_use: int
    waiting: int


class ReadPool:
    """At most `size` connections, opened when first needed, the most recently used first.

    A read never changes the state of a connection, so none is reset between two reads.
    """

    def __init__(
        self,
        connect: "Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]]",
        *,
        size: int,
        wait_timeout: float,
    ) -> None:
        self._connect = connect
        self._wait_timeout = wait_timeout
        self._times_closed = 0
        self._size = size
        self._waiting = 0
        # A place without a connection is None: the connection is opened when the place is taken.
        self._free: asyncio.LifoQueue[_PooledConnection | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._free.put_nowait(None)

    async def fetch_row(self, statement: ReadStatement, **values: Any) -> asyncpg.Record | None:
        """The first row, or None. Raises DatabaseUnavailable; TypeError if `values` do not fit the statement."""
        return await self._fetch(statement, values, PreparedStatement.fetchrow)

    async def fetch_rows(self, statement: ReadStatement, **values: Any) -> list[asyncpg.Record]:
        """All rows. Raises DatabaseUnavailable; TypeError if `values` do not fit the statement."""
        return await self._fetch(statement, values, PreparedStatement.fetch)

    def use(self) -> PoolUse:
        return PoolUse(self._size, self._size - self._free.qsize(), self._waiting)

    async def close(self) -> None:
        """Close every free connection now, and each of the others when its read ends. A later read opens a new one."""
        self._times_closed += 1
        free = [self._free.get_nowait() for _ in range(self._free.qsize())]
        for pooled in free:
            if pooled is not None:
                pooled.connection.terminate()
            self._free.put_nowait(None)

    async def _fetch(
        self, statement: ReadStatement, values: dict[str, Any], fetch: Callable[..., Awaitable[Result]]
    ) -> Result:
        arguments = statement.arguments(values)
        if not is_on():
            return await self._run(statement, arguments, fetch)
        with database_span(statement.name):
            return await self._run(statement, arguments, fetch)

    async def _run(
        self, statement: ReadStatement, arguments: Sequence[Any], fetch: Callable[..., Awaitable[Result]]
    ) -> Result:
        times_closed = self._times_closed
        try:
            pooled = await self._take()
            try:
                if pooled is None or pooled.connection.is_closed():
                    pooled = _PooledConnection(await self._connect(), times_closed)
                return await pooled.execute(statement, arguments, fetch)
            except (asyncpg.InternalClientError, asyncpg.ReadOnlySQLTransactionError):
                # The server has announced the end of this connection: it looks open, and takes no more statements. Or
                # it takes no changes: of several hosts, another may take them.
                if pooled is not None:
                    pooled.connection.terminate()
                raise
            except TimeoutError:
                # The network may be gone without a word, and what is given up may still run: nobody may wait for that.
                await self.close()
                raise
            finally:
                self._give_back(pooled)
        except Exception as error:
            if (unavailable := as_unavailable(error)) is not None:
                raise unavailable from error
            raise

    async def _take(self) -> _PooledConnection | None:
        if not self._free.empty():
            return self._free.get_nowait()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_timeout):
                return await self._free.get()
        finally:
            self._waiting -= 1

    def _give_back(self, pooled: _PooledConnection | None) -> None:
        if pooled is not None and pooled.times_closed != self._times_closed:
            pooled.connection.terminate()
            pooled = None
        self._free.put_nowait(pooled)
