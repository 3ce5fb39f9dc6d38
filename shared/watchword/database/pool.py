"""A pool of connections that hold their statements prepared: what the read path and the write path have in common."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from watchword.database.closing import ClosingConnections
from watchword.database.errors import as_unavailable, was_not_sent
from watchword.database.slots import Slots
from watchword.database.statements import Statement
from watchword.observability.tracing import database_span, is_on

Result = TypeVar("Result")


class PooledConnection:
    """A connection with the statements that are prepared on it. `times_closed` is how often its pool had been closed
    when the caller that opened it began; `is_reusable` is whether it certainly runs nothing once it is released."""

    __slots__ = ("connection", "is_reusable", "prepared", "times_closed")

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", times_closed: int) -> None:
        self.connection = connection
        self.is_reusable = True
        self.times_closed = times_closed
        self.prepared: dict[Statement, PreparedStatement[asyncpg.Record]] = {}

    def run(
        self, statement: Statement, arguments: Sequence[Any], fetch: Callable[..., Awaitable[Result]]
    ) -> Awaitable[Result]:
        """Run a statement, which is prepared if it has not run on this connection before."""
        prepared = self.prepared.get(statement)
        if prepared is None:
            return self._run_first(statement, arguments, fetch)
        return fetch(prepared, *arguments, timeout=statement.timeout_seconds)

    async def _run_first(
        self, statement: Statement, arguments: Sequence[Any], fetch: Callable[..., Awaitable[Result]]
    ) -> Result:
        prepared = self.prepared[statement] = await self.connection.prepare(statement.sql)
        return await fetch(prepared, *arguments, timeout=statement.timeout_seconds)


class PoolUse(NamedTuple):
    """Connections that a pool may have, those that are in use, and how many callers wait for one."""

    size: int
    in_use: int
    waiting: int


class StatementPool:
    """At most `size` connections, opened when first needed, the most recently used first.

    No statement changes the state of its session, so no connection is reset between two callers.
    """

    def __init__(
        self,
        connect: "Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]]",
        *,
        size: int,
        wait_timeout: float,
    ) -> None:
        self._connect = connect
        self._times_closed = 0
        self._closing = ClosingConnections()
        self._slots: Slots[PooledConnection] = Slots(size, wait_timeout=wait_timeout)

    async def fetch_row(self, statement: Statement, **values: Any) -> asyncpg.Record | None:
        """The first row, or None. Raises DatabaseUnavailable; TypeError if `values` do not fit the statement."""
        return await self._fetch(statement, values, PreparedStatement.fetchrow)

    async def fetch_rows(self, statement: Statement, **values: Any) -> list[asyncpg.Record]:
        """All rows. Raises DatabaseUnavailable; TypeError if `values` do not fit the statement."""
        return await self._fetch(statement, values, PreparedStatement.fetch)

    def use(self) -> PoolUse:
        return PoolUse(self._slots.size, self._slots.in_use, self._slots.waiting)

    async def close(self) -> None:
        """Close every free connection now, and each of the others when it is released. A later caller opens a new
        one."""
        self._drop_connections()
        await self._closing.wait()

    async def _fetch(
        self, statement: Statement, values: dict[str, Any], fetch: Callable[..., Awaitable[Result]]
    ) -> Result:
        arguments = statement.arguments(values)
        if not is_on():
            return await self._run(statement, arguments, fetch)
        with database_span(statement.name):
            return await self._run(statement, arguments, fetch)

    async def _run(
        self,
        statement: Statement,
        arguments: Sequence[Any],
        fetch: Callable[..., Awaitable[Result]],
        pooled: PooledConnection | None = None,
    ) -> Result:
        """Run the statement on a connection that the caller has acquired or, without one, on any; it is released."""
        try:
            pooled = pooled or self._acquire_now() or await self._acquire()
            try:
                return await self._run_on(pooled, statement, arguments, fetch)
            except (asyncpg.InternalClientError, asyncpg.ReadOnlySQLTransactionError):
                # The connection remembers a type that has changed, or its server takes no changes: of several hosts,
                # another may take them.
                pooled.connection.terminate()
                raise
            except TimeoutError:
                # The network may be gone without a word, and the statement may still run: no later caller may wait for
                # either.
                self._drop_connections()
                raise
            finally:
                self._release(pooled)
        except Exception as error:
            if (unavailable := as_unavailable(error)) is not None:
                raise unavailable from error
            raise

    async def _run_on(
        self,
        pooled: PooledConnection,
        statement: Statement,
        arguments: Sequence[Any],
        fetch: Callable[..., Awaitable[Result]],
    ) -> Result:
        """Run the statement; once more if it has certainly done nothing."""
        try:
            return await pooled.run(statement, arguments, fetch)
        except asyncpg.InvalidCachedStatementError:
            # A migration changed a table under the prepared statement.
            del pooled.prepared[statement]
        except asyncpg.InternalClientError as error:
            await self._reopen_after(error, pooled)
        return await pooled.run(statement, arguments, fetch)

    async def _reopen_after(self, error: asyncpg.InternalClientError, pooled: PooledConnection) -> None:
        """Replace a connection whose end the server has announced. It looks open, and takes no more statements.

        Raises `error` if it means something else.
        """
        if not was_not_sent(error):
            raise error
        pooled.connection.terminate()
        pooled.prepared.clear()
        pooled.connection = await self._connect()

    def _acquire_now(self) -> PooledConnection | None:
        """The free connection that was used last, which the caller releases; None if it is closed or none is free.

        Most callers get one, and need no coroutine for it.
        """
        pooled = self._slots.next_item()
        return self._slots.take() if pooled is not None and not pooled.connection.is_closed() else None

    async def _acquire(self) -> PooledConnection:
        """An open connection, which the caller releases."""
        times_closed = self._times_closed
        pooled = await self._slots.acquire()
        if pooled is not None and not pooled.connection.is_closed():
            return pooled
        try:
            return PooledConnection(await self._connect(), times_closed)
        except BaseException:
            self._slots.release(None)
            raise

    def _release(self, pooled: PooledConnection) -> None:
        if pooled.is_reusable and pooled.times_closed == self._times_closed:
            self._slots.release(pooled)
        else:
            self._closing.close(pooled.connection)
            self._slots.release(None)

    def _drop_connections(self) -> None:
        self._times_closed += 1
        for pooled in self._slots.clear():
            self._closing.close(pooled.connection)
