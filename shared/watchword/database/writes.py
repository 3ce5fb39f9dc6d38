"""The write path: transactions of prepared statements, or of one, on a pool of their own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from watchword.database.errors import as_unavailable, failures_as_unavailable
from watchword.database.pool import PooledConnection, StatementPool
from watchword.database.statements import Statement
from watchword.observability.tracing import database_span

Result = TypeVar("Result")


class WriteTransaction:
    """Runs statements in one transaction, for as long as its block lasts.

    An error of PostgreSQL is asyncpg's. It ends the transaction: the block can only be left, by that error or another.
    """

    __slots__ = ("_pooled",)

    def __init__(self, pooled: PooledConnection) -> None:
        self._pooled: PooledConnection | None = pooled

    async def fetch_row(self, statement: Statement, **values: Any) -> asyncpg.Record | None:
        """The first row, or None. Raises TypeError if `values` do not fit the statement."""
        return await self._run(statement, values, PreparedStatement.fetchrow)

    async def fetch_rows(self, statement: Statement, **values: Any) -> list[asyncpg.Record]:
        """All rows. Raises TypeError if `values` do not fit the statement."""
        return await self._run(statement, values, PreparedStatement.fetch)

    async def execute(self, statement: Statement, **values: Any) -> None:
        """Run a statement whose rows, if it has any, are not needed. Raises TypeError if `values` do not fit it."""
        await self._run(statement, values, PreparedStatement.fetch)

    async def _run(
        self, statement: Statement, values: dict[str, Any], fetch: Callable[..., Awaitable[Result]]
    ) -> Result:
        if self._pooled is None:
            raise RuntimeError("the transaction has ended")
        return await self._pooled.run(statement, statement.arguments(values), fetch)

    def _end(self) -> None:
        """Refuse every further statement: the connection is another caller's from now on."""
        self._pooled = None


class WritePool(StatementPool):
    """For hot writes. `fetch_row` and `fetch_rows` run one statement that is a whole transaction."""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[WriteTransaction]:
        """One transaction: leaving the block commits, an exception rolls back.

        Raises DatabaseUnavailable if PostgreSQL cannot be reached or the connection is lost, also at the commit.
        """
        with database_span("transaction"), failures_as_unavailable():
            pooled = await self._acquire()
            try:
                async with self._transaction(pooled) as transaction:
                    yield transaction
            finally:
                self._release(pooled)

    @asynccontextmanager
    async def _transaction(self, pooled: PooledConnection) -> AsyncIterator[WriteTransaction]:
        """Send BEGIN, and after the block COMMIT; undo everything if the block or the commit fails."""
        transaction = WriteTransaction(pooled)
        try:
            await self._begin(pooled)
            yield transaction
            await _commit(pooled.connection)
        except (TimeoutError, asyncpg.InvalidCachedStatementError):
            # The network may be gone without a word. Or a migration has changed a table under the prepared statements:
            # within a transaction none can be tried again, so that this one fails and no other one does.
            self._drop_connections()
            raise
        except BaseException as error:
            await _undo(pooled, error)
            raise
        finally:
            transaction._end()

    async def _begin(self, pooled: PooledConnection) -> None:
        try:
            await pooled.connection.execute("BEGIN")
        except asyncpg.InternalClientError as error:
            await self._reopen_after(error, pooled)
            await pooled.connection.execute("BEGIN")


async def _commit(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    if await connection.execute("COMMIT") != "COMMIT":
        raise RuntimeError("nothing was committed: an error of the transaction did not leave its block")


async def _undo(pooled: PooledConnection, error: BaseException) -> None:
    """Roll back what an error has interrupted. If the connection's state is not certain, closing it does so."""
    if not isinstance(error, Exception) or as_unavailable(error) is not None:
        pooled.is_reusable = False
        return
    try:
        await pooled.connection.execute("ROLLBACK")
    except BaseException as failure:
        pooled.is_reusable = False
        if not isinstance(failure, Exception):
            raise
