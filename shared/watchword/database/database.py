"""One PostgreSQL, two ways in: the unit of work for what is rare, prepared statements for what is hot.

`begin` gives a SQLAlchemy session whose block is the transaction. `reads` and `writes` run statements that were
compiled once, on connections that hold them prepared, several times cheaper; `writes.begin` gives a block that is the
transaction, as `begin` does (docs/decisions/0003-two-ways-into-the-database.md).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import asyncpg
from sqlalchemy import MetaData, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from watchword.arguments import ensure_count
from watchword.database.address import connect_arguments
from watchword.database.connections import connect_with_settings
from watchword.database.errors import DatabaseUnavailable as DatabaseUnavailable
from watchword.database.errors import failures_as_unavailable, is_read_only
from watchword.database.instants import decode_instants_fast
from watchword.database.pool import PoolUse
from watchword.database.reads import ReadPool
from watchword.database.slots import Slots
from watchword.database.writes import WritePool
from watchword.observability.tracing import database_span

CONNECT_TIMEOUT_SECONDS: Final = 3.0
COMMAND_TIMEOUT_SECONDS: Final = 10.0
POOL_TIMEOUT_SECONDS: Final = 5.0
IDLE_TIMEOUT_SECONDS: Final = 5.0
"""How long a transaction may do nothing before the server ends it and releases its locks, which a paused process would
keep. Shorter than COMMAND_TIMEOUT_SECONDS, so that statements that wait for the locks still get them."""

# What the role or the URL sets is left alone.
_LIMIT_IDLING: Final = """SELECT set_config('idle_in_transaction_session_timeout', '{milliseconds:.0f}', false)
WHERE current_setting('idle_in_transaction_session_timeout') = '0'"""
# Planning a list for each execution costs more than running it. A plan for every LIMIT expects a tenth of all rows, for
# which it would start processes in a large table: for a page of a few rows that costs fifty times what the page does.
_PLAN_ONCE: Final = """SELECT set_config('plan_cache_mode', 'force_generic_plan', false),
    set_config('max_parallel_workers_per_gather', '0', false)
WHERE current_setting('plan_cache_mode') = 'auto'"""

_CONVENTION: Final = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


def metadata_for(schema: str) -> MetaData:
    """The metadata of a service's tables: its own schema, and constraints named as PostgreSQL names them."""
    return MetaData(schema=schema, naming_convention=_CONVENTION)


class Database:
    """Connects at the first use, also at the first one after `close`. `size` bounds each of the three pools.

    `url` may have the options of libpq that asyncpg knows. Raises ValueError, which names an option that it may not.
    """

    def __init__(self, url: str, *, size: int = 8) -> None:
        connect_arguments(url)
        ensure_count("size", size, least=1)
        self.dsn = url
        limit_idling = _LIMIT_IDLING.format(milliseconds=IDLE_TIMEOUT_SECONDS * 1000)
        limits: dict[str, Any] = {"timeout": CONNECT_TIMEOUT_SECONDS, "command_timeout": COMMAND_TIMEOUT_SECONDS}
        self._connect = partial(connect_with_settings, url, limit_idling, **limits)
        # Each connection that SQLAlchemy is setting up, by the task that does so.
        self._unfinished: dict[asyncio.Task[Any] | None, asyncpg.Connection[asyncpg.Record]] = {}
        # SQLAlchemy's pool does not wake those who wait when somebody else's connection could not be opened.
        self._slots: Slots[None] = Slots(size, wait_timeout=POOL_TIMEOUT_SECONDS)
        self._engine, self._sessions = self._new_sessions()
        connect = partial(connect_with_settings, url, limit_idling, _PLAN_ONCE, prepare=decode_instants_fast, **limits)
        self.reads = ReadPool(connect, size=size, wait_timeout=POOL_TIMEOUT_SECONDS)
        self.writes = WritePool(connect, size=size, wait_timeout=POOL_TIMEOUT_SECONDS)

    def _new_sessions(self) -> tuple[AsyncEngine, async_sessionmaker[AsyncSession]]:
        """An engine, whose pool has the connections, and what opens its sessions."""
        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._open,
            pool_size=self._slots.size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_SECONDS,
            # Errors are logged whole, and what a statement writes may be a secret.
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        event.listen(engine.sync_engine, "handle_error", _drop_read_only)
        event.listen(engine.sync_engine, "connect", self._on_opened)
        return engine, async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One transaction: leaving the block commits, an exception rolls back.

        Raises DatabaseUnavailable if PostgreSQL cannot be reached or the connection is lost, also at the commit.
        """
        # Those of this moment: `close` makes others, and closes the connections of callers who began before it.
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

    def _terminate_unfinished(self) -> None:
        """Close what this task has begun to open, and what tasks have that are over: `asyncio.wait_for` makes such a
        task in Python 3.11."""
        current = asyncio.current_task()
        for task in [task for task in self._unfinished if task is None or task is current or task.done()]:
            self._unfinished.pop(task).terminate()

    def pools(self) -> dict[str, PoolUse]:
        """The present use of each pool. Every open transaction counts as a connection in use."""
        transactions = PoolUse(self._slots.size, self._slots.in_use, self._slots.waiting)
        return {"transactions": transactions, "reads": self.reads.use(), "writes": self.writes.use()}

    async def _open(self) -> "asyncpg.Connection[asyncpg.Record]":
        connection = self._unfinished[asyncio.current_task()] = await self._connect()
        return connection

    def _on_opened(self, _: Any, __: ConnectionPoolEntry) -> None:
        self._unfinished.pop(asyncio.current_task(), None)

    async def close(self) -> None:
        """Close every free connection now, and each of the others when it is released: the transaction of a caller who
        gave up may still be committing. Callers that come later open others."""
        engine = self._engine
        self._engine, self._sessions = self._new_sessions()
        event.listen(engine.sync_engine, "checkin", _terminate)
        await self.reads.close()
        await self.writes.close()
        await engine.dispose()


def violates(error: IntegrityError | asyncpg.IntegrityConstraintViolationError, constraint: str) -> bool:
    """Whether it was this constraint that refused the change, in either way into the database."""
    cause = getattr(error.orig, "__cause__", None) if isinstance(error, IntegrityError) else error
    return getattr(cause, "constraint_name", None) == constraint


def _refuse_closed(connection: Any, _: ConnectionPoolEntry, __: Any) -> None:
    """Have SQLAlchemy replace a connection that the server has closed; asyncpg knows without a round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _terminate(connection: Any, _: ConnectionPoolEntry) -> None:
    """Close a connection that was released. There is none if it was lost."""
    if connection is not None:
        connection.driver_connection.terminate()


def _drop_read_only(context: ExceptionContext) -> None:
    """Have SQLAlchemy connect anew when this server takes no changes; of several hosts, another may take them."""
    if is_read_only(context.original_exception):
        context.is_disconnect = True
