"""One PostgreSQL, two ways in: the unit of work for what changes something, the read path for hot reads.

`begin` gives a SQLAlchemy session whose block is the transaction. `reads` runs statements that were compiled once, on
connections that hold them prepared, several times cheaper (docs/decisions/0003-two-ways-into-the-database.md).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from sqlalchemy import MetaData, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from watchword.database.reads import PoolUse, ReadPool
from watchword.errors import Unavailable
from watchword.observability.tracing import database_span

CONNECT_TIMEOUT_SECONDS: Final = 3.0
COMMAND_TIMEOUT_SECONDS: Final = 10.0
POOL_TIMEOUT_SECONDS: Final = 5.0

# Connection lost (08), resources (53), operator intervention (57), deadlock and serialization (40), a standby (25006),
# a lock that was not to be had (55P03): not the statement's fault, and trying again is right.
_TRANSIENT: Final = ("08", "53", "57", "40", "25006", "55P03")

# asyncpg raises its InternalClientError on a connection that the server has said to end and not yet closed.
_LOST: Final = (OSError, TimeoutError, PoolTimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)

_CONVENTION: Final = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"


def metadata_for(schema: str) -> MetaData:
    """Where a service's tables are declared: its own schema, and constraint names as PostgreSQL would give them."""
    return MetaData(schema=schema, naming_convention=_CONVENTION)


class Database:
    """Connects when first asked; `close` gives everything back. `size` bounds each of the two pools."""

    def __init__(self, url: str, *, size: int = 8) -> None:
        self._engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_SECONDS,
            # Errors are logged whole, and what a statement writes may be a secret.
            hide_parameters=True,
            connect_args={"timeout": CONNECT_TIMEOUT_SECONDS, "command_timeout": COMMAND_TIMEOUT_SECONDS},
        )
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)
        self._size = size
        self._open = 0
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self.dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self.reads = ReadPool(
            self.dsn,
            size=size,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            wait_timeout=POOL_TIMEOUT_SECONDS,
            unavailable=_as_unavailable,
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One transaction: leaving the block commits, an exception rolls back.

        Raises DatabaseUnavailable where PostgreSQL cannot be reached or drops out, also at the commit.
        """
        self._open += 1
        try:
            with database_span("transaction"):
                async with self._sessions.begin() as db:
                    yield db
        except Exception as error:
            if (unavailable := _as_unavailable(error)) is not None:
                raise unavailable from error
            raise
        finally:
            self._open -= 1

    def pools(self) -> dict[str, PoolUse]:
        """What is used of each pool at this moment. A transaction without a connection waits for one: it does nothing
        else before its first statement."""
        pool = self._engine.sync_engine.pool
        in_use = pool.checkedout() if isinstance(pool, QueuePool) else 0
        return {"transactions": PoolUse(self._size, in_use, max(0, self._open - in_use)), "reads": self.reads.use()}

    async def close(self) -> None:
        await self.reads.close()
        await self._engine.dispose()


def violates(error: IntegrityError, constraint: str) -> bool:
    """Whether it was this constraint that refused the change."""
    cause = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None) == constraint


def _refuse_closed(connection: Any, _: ConnectionPoolEntry, __: Any) -> None:
    """A connection that the server has closed is replaced before use; asyncpg knows without a round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _as_unavailable(error: BaseException) -> DatabaseUnavailable | None:
    """The refusal that an exception of the database amounts to, if it is the database that failed."""
    if isinstance(error, DBAPIError):
        transient = error.connection_invalidated or _is_transient(error.orig) or _is_transient(error.__cause__)
        cause = getattr(error.orig, "__cause__", None)
        return DatabaseUnavailable(repr(error.orig)) if transient or _is_transient(cause) else None
    return DatabaseUnavailable(repr(error)) if _is_transient(error) else None


def _is_transient(error: BaseException | None) -> bool:
    if isinstance(error, _LOST):
        return True
    sqlstate = getattr(error, "sqlstate", None)
    return isinstance(sqlstate, str) and sqlstate.startswith(_TRANSIENT)
