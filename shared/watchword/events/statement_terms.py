"""Terms that the statements of a receiver have in common."""

from typing import Any, Final

from sqlalchemy import ColumnElement, DateTime, String, and_, bindparam, func, literal_column

from watchword.events.store import LEASE_SECONDS
from watchword.events.tables import ReceiverTables, Signal

INSTANT: Final = DateTime(timezone=True)
NOW: Final[ColumnElement[Any]] = func.clock_timestamp(type_=INSTANT)
LEASE: Final[ColumnElement[Any]] = literal_column(f"interval '{LEASE_SECONDS} seconds'")


def text(name: str) -> ColumnElement[str]:
    """The parameter of this name."""
    return bindparam(name, type_=String())


def signal(tables: ReceiverTables, signal: Signal) -> ColumnElement[str]:
    """Notify the processes that ask the table at this signal."""
    return func.pg_notify(tables.signals, signal.value).cast(String)


def is_holder(tables: ReceiverTables) -> ColumnElement[bool]:
    """Whether this process has the poll lease, and it is valid."""
    lease = tables.poll_lease.c
    return and_(lease.issuer == text("issuer"), lease.holder == text("process"), lease.valid_until > NOW)
