"""The pool of SQLAlchemy's sessions, whose transactions are for what is rare."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from weakref import WeakSet

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from watchword.database.closing import ClosingConnections
from watchword.database.errors import failures_as_unavailable, is_read_only
from watchword.database.pool import PoolUse
from watchword.database.slots import Slots
from watchword.observability.tracing import database_span

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class SessionPool:
    """At most `size` connections, opened when first needed."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, size: int, wait_timeout: float) -> None:
        self._connect = connect
        self._wait_timeout = wait_timeout
        # SQLAlchemy's pool does not wake those who wait when somebody else's connection could not be opened.
        self._slots: Slots[None] = Slots(size, wait_timeout=wait_timeout)
        # Each connection that SQLAlchemy is setting up, by the task that does so.
        self._unfinished: dict[asyncio.Task[Any] | None, Connection] = {}
        # Weak, because SQLAlchemy replaces one that it takes for lost without telling.
        self._free: WeakSet[Connection] = WeakSet()
        self._closing = ClosingConnections()
        self._open_engine()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One transaction: leaving the block commits, an exception rolls back.

        Raises DatabaseUnavailable if PostgreSQL cannot be reached or the connection is lost, also at the commit.
        """
        # Sessions of the present engine: `close` makes another one for later callers.
        sessions = self._sessions
        with failures_as_unavailable(), database_span("transaction"):
            await self._slots.acquire()
            try:
                async with sessions.begin() as db:
                    yield db
            finally:
                # SQLAlchemy before 2.1 forgets a connection whose set-up fails or is cancelled, and it would stay open.
                self._terminate_unfinished()
                self._slots.release(None)

    def use(self) -> PoolUse:
        """The present use. Every open transaction counts as a connection in use."""
        return PoolUse(self._slots.size, self._slots.in_use, self._slots.waiting)

    async def close(self) -> None:
        """Close every free connection, and each of the others when it is released: the transaction of a caller who gave
        up may still be committing. Later callers open others."""
        former = self._engine
        self._open_engine()
        # A caller who began before and has no connection yet must not get one that is being closed.
        await former.dispose(close=False)
        while self._free:
            self._closing.close(self._free.pop())
        await self._closing.wait()

    def _open_engine(self) -> None:
        self._engine = engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._open,
            pool_size=self._slots.size,
            max_overflow=0,
            pool_timeout=self._wait_timeout,
            # Errors are logged whole, and what a statement writes may be a secret.
            hide_parameters=True,
        )
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

        def on_released(connection: Any, _: ConnectionPoolEntry) -> None:
            # There is none if it was lost.
            if connection is not None:
                self._keep_or_terminate(connection.driver_connection, engine)

        event.listen(engine.sync_engine, "connect", self._on_opened)
        event.listen(engine.sync_engine, "checkout", self._on_acquired)
        event.listen(engine.sync_engine, "checkin", on_released)
        event.listen(engine.sync_engine, "handle_error", _drop_read_only)

    async def _open(self) -> Connection:
        connection = self._unfinished[asyncio.current_task()] = await self._connect()
        return connection

    def _on_opened(self, _: Any, __: ConnectionPoolEntry) -> None:
        self._unfinished.pop(asyncio.current_task(), None)

    def _on_acquired(self, connection: Any, _: ConnectionPoolEntry, __: Any) -> None:
        """Have SQLAlchemy replace a connection that the server has closed; asyncpg knows without a round trip."""
        self._free.discard(connection.driver_connection)
        if connection.driver_connection.is_closed():
            raise DisconnectionError

    def _keep_or_terminate(self, connection: Connection, engine: AsyncEngine) -> None:
        """Keep a connection for the next caller, unless its engine has been closed."""
        if engine is self._engine:
            self._free.add(connection)
        else:
            connection.terminate()

    def _terminate_unfinished(self) -> None:
        """Close what this task has begun to open, and what tasks have that are over: `asyncio.wait_for` makes such a
        task in Python 3.11."""
        current = asyncio.current_task()
        for task in [task for task in self._unfinished if task is None or task is current or task.done()]:
            self._unfinished.pop(task).terminate()


def _drop_read_only(context: ExceptionContext) -> None:
    """Have SQLAlchemy connect anew when this server takes no changes; of several hosts, another may take them."""
    if is_read_only(context.original_exception):
        context.is_disconnect = True
