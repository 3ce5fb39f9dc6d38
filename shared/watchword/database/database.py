"""One PostgreSQL, two ways in: the unit of work for what is rare, prepared statements for what is hot.

`begin` gives a SQLAlchemy session whose block is the transaction. `reads` and `writes` run statements that were
compiled once, on connections that hold them prepared, several times cheaper; `writes.begin` gives a block that is the
transaction, as `begin` does (docs/decisions/0003-two-ways-into-the-database.md).
"""

from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.arguments import ensure_count
from watchword.database.address import connect_arguments
from watchword.database.connections import connect_with_settings
from watchword.database.errors import DatabaseUnavailable as DatabaseUnavailable
from watchword.database.instants import decode_instants_fast
from watchword.database.pool import PoolUse
from watchword.database.reads import ReadPool
from watchword.database.sessions import SessionPool
from watchword.database.writes import WritePool

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
        pool: dict[str, Any] = {"size": size, "wait_timeout": POOL_TIMEOUT_SECONDS}
        self._sessions = SessionPool(partial(connect_with_settings, url, limit_idling, **limits), **pool)
        connect = partial(connect_with_settings, url, limit_idling, _PLAN_ONCE, prepare=decode_instants_fast, **limits)
        self.reads = ReadPool(connect, **pool)
        self.writes = WritePool(connect, **pool)

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction: leaving the block commits, an exception rolls back.

        Raises DatabaseUnavailable if PostgreSQL cannot be reached or the connection is lost, also at the commit.
        """
        return self._sessions.begin()

    def pools(self) -> dict[str, PoolUse]:
        """The present use of each pool. Every open transaction counts as a connection in use."""
        return {"transactions": self._sessions.use(), "reads": self.reads.use(), "writes": self.writes.use()}

    async def close(self) -> None:
        """Close every free connection, and each of the others when it is released. Later callers open others."""
        await self._sessions.close()
        await self.reads.close()
        await self.writes.close()


def violates(error: IntegrityError | asyncpg.IntegrityConstraintViolationError, constraint: str) -> bool:
    """Whether it was this constraint that refused the change, in either way into the database."""
    cause = getattr(error.orig, "__cause__", None) if isinstance(error, IntegrityError) else error
    return getattr(cause, "constraint_name", None) == constraint
