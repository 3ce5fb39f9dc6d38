"""Which errors mean that the database failed, and not the statement."""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from watchword.errors import Unavailable

# Connection lost (08), resources (53), operator intervention (57), deadlock and serialization (40), a standby (25006),
# a lock that was not available (55P03): the statement may be right, and trying again may succeed.
_TRANSIENT_SQLSTATES: Final = ("08", "53", "57", "40", "25006", "55P03")

# asyncpg raises its InternalClientError on a connection that the server has announced to end and not yet closed.
_LOST: Final = (OSError, TimeoutError, PoolTimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"


def as_unavailable(error: BaseException) -> DatabaseUnavailable | None:
    """The refusal to raise instead of `error` if the database failed; None if the statement or its values are wrong."""
    if isinstance(error, DBAPIError):
        cause = getattr(error.orig, "__cause__", None)
        transient = error.connection_invalidated or any(map(_is_transient, (error.orig, error.__cause__, cause)))
        return DatabaseUnavailable(repr(error.orig)) if transient else None
    return DatabaseUnavailable(repr(error)) if _is_transient(error) else None


def _is_transient(error: BaseException | None) -> bool:
    if isinstance(error, _LOST):
        return True
    sqlstate = getattr(error, "sqlstate", None)
    return isinstance(sqlstate, str) and sqlstate.startswith(_TRANSIENT_SQLSTATES)
