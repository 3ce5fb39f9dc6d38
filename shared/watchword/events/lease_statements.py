"""The statements of the poll lease, compiled once. Each is a whole transaction."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Double, case, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from watchword.database.statements import Statement
from watchword.events.statement_terms import LEASE, NOW, is_holder, signal, text
from watchword.events.store import LEASE_SECONDS
from watchword.events.tables import ReceiverTables, Signal

_TWO_LEASES: Final[ColumnElement[Any]] = literal_column(f"interval '{2 * LEASE_SECONDS} seconds'")


class LeaseStatements:
    """How long the poll lease is not free, and taking, renewing and releasing it. Their arguments are `issuer` and, for
    all but the first, `process`."""

    def __init__(self, tables: ReceiverTables) -> None:
        self._tables = tables
        self.seconds_until_free = self._seconds_until_free()
        self.take = self._take()
        self.renew = self._renew()
        self.release = self._release()

    def _seconds_until_free(self) -> Statement:
        lease = self._tables.poll_lease
        left: ColumnElement[float] = func.extract("epoch", lease.c.valid_until - NOW).cast(Double())
        free_in = case((self._is_abandoned(), 0.0), else_=left)
        return Statement(select(free_in.label("left")).where(lease.c.issuer == text("issuer")))

    def _is_abandoned(self) -> ColumnElement[bool]:
        """The lease is valid for longer than any holder makes it: the clock was put back, or a server took over whose
        clock is behind. A holder that lives renews it within a second, and nobody should wait for one that does not."""
        return self._tables.poll_lease.c.valid_until > NOW + _TWO_LEASES

    def _take(self) -> Statement:
        """A row that is made anew goes on after every position that was ever given in these tables."""
        tables, lease = self._tables, self._tables.poll_lease
        last = select(func.coalesce(func.max(tables.revocations.c.position), 0)).scalar_subquery()
        statement = insert(lease).values(
            issuer=text("issuer"), holder=text("process"), valid_until=NOW + LEASE, position=last
        )
        new = statement.excluded
        taken = statement.on_conflict_do_update(
            index_elements=["issuer"],
            set_={"holder": new.holder, "valid_until": NOW + LEASE},
            where=or_(lease.c.valid_until <= NOW, self._is_abandoned(), lease.c.holder == new.holder),
        ).returning(lease.c.holder)
        return Statement(select(*taken.cte("taken").c))

    def _renew(self) -> Statement:
        lease = self._tables.poll_lease
        renewed = update(lease).where(is_holder(self._tables)).values(valid_until=NOW + LEASE).returning(lease.c.holder)
        return Statement(select(*renewed.cte("renewed").c))

    def _release(self) -> Statement:
        lease = self._tables.poll_lease
        released = (
            update(lease)
            .where(is_holder(self._tables))
            .values(valid_until=NOW)
            .returning(lease.c.holder)
            .cte("released")
        )
        return Statement(select(released.c.holder, signal(self._tables, Signal.FREE)))
