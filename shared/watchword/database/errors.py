"""Which errors mean that the database failed, and not the statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from watchword.errors import Unavailable

_READ_ONLY: Final = "25006"

# Connection lost (08), resources (53), operator intervention (57), an error of the server's system (58), deadlock and
# serialization (40), a standby, a transaction over its time limits (25P03, 25P04), a lock that was not available
# (55P03): the statement may be right, and trying again may succeed.
_TRANSIENT_SQLSTATES: Final = ("08", "53", "57", "58", "40", _READ_ONLY, "25P03", "25P04", "55P03")

# A table was changed while a statement on it was prepared, or while it ran. The next try is prepared anew.
_CHANGED: Final = "cache lookup failed"

# asyncpg raises its InternalClientError on a connection that the server has announced to end and not yet closed, and
# on one that remembers a type which has changed.
_LOST: Final = (OSError, TimeoutError, PoolTimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)


# asyncpg says so before it sends anything on a connection whose end the server has announced.
_REFUSED_HERE: Final = "cannot switch to state"


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"


def as_unavailable(error: BaseException) -> DatabaseUnavailable | None:
    """The refusal to raise instead of `error` if the database failed; None if the statement or its values are wrong."""
    if isinstance(error, DBAPIError):
        cause = getattr(error.orig, "__cause__", None)
        transient = error.connection_invalidated or any(map(_is_transient, (error.orig, error.__cause__, cause)))
        return DatabaseUnavailable(repr(error.orig)) if transient else None
    return DatabaseUnavailable(repr(error)) if _is_transient(error) else None


@contextmanager
def failures_as_unavailable() -> Iterator[None]:
    """Raise DatabaseUnavailable in place of an error of the block which means that the database failed."""
    try:
        yield
    except Exception as error:
        if (unavailable := as_unavailable(error)) is not None:
            raise unavailable from error
        raise


def is_read_only(error: BaseException | None) -> bool:
    """Whether a change was refused because this server is read-only: it is a standby, or has just become one."""
    return getattr(error, "sqlstate", None) == _READ_ONLY


def was_not_sent(error: BaseException) -> bool:
    """Whether asyncpg refused to send the statement, because the server has announced that it ends this connection."""
    return isinstance(error, asyncpg.InternalClientError) and str(error).startswith(_REFUSED_HERE)


def _is_transient(error: BaseException | None) -> bool:
    if isinstance(error, (*_LOST, asyncpg.InvalidCachedStatementError)):
        return True
    if isinstance(error, asyncpg.InternalServerError):
        return str(error).startswith(_CHANGED)
    sqlstate = getattr(error, "sqlstate", None)
    return isinstance(sqlstate, str) and sqlstate.startswith(_TRANSIENT_SQLSTATES)
