"""The statements of a receiver on PostgreSQL, compiled once. Each is a whole transaction. Those of the poll lease
are in `lease_statements.py`.

What only the process that polls may write begins with its fence: an UPDATE of its valid lease, which gives the
transaction its position. Without the row that it returns nothing is written. Since the row stays locked until the
commit, transactions become visible in the order of their positions.

A position is the time in microseconds since 1970, or one more than the last, whichever is larger. So no position is
given twice, even if a standby takes over that lacks the last ones: processes have said that they applied those.
"""

from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Interval,
    String,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from watchword.auth.revocations import Kind
from watchword.database.statements import Statement
from watchword.events.statement_terms import INSTANT, LEASE, NOW, is_holder, signal, text
from watchword.events.tables import ReceiverTables, Signal

POSITIONS_AT_ONCE: Final = 5_000

READ_AT_ONCE: Final = 1_000
"""How many revocations one portion of everything has: as many as keep the process from its other work for some
milliseconds."""

_REVOCATION: Final[dict[str, Any]] = {
    "kind": String(),
    "key": String(),
    "valid_from": BigInteger(),
    "expires_at": INSTANT,
    "version": BigInteger(),
    "except_sid": String(),
    "happened_at": INSTANT,
}
_CHANGED: Final = ("valid_from", "expires_at", "version", "except_sid", "position")


def _seconds_since(instant: ColumnElement[Any]) -> ColumnElement[float]:
    return func.extract("epoch", NOW - instant).cast(Double())


class Statements:
    """The statements over these tables. Their arguments are `issuer`, `process`, and what each needs beside them."""

    def __init__(self, tables: ReceiverTables) -> None:
        self._tables = tables
        self.look = self._look()
        self.last_position = self._last_position()
        self.portion = self._portion()
        self.leave = Statement(self._leave())
        self.take = self._take(revokes=False)
        self.take_and_revoke = self._take(revokes=True)
        self.note_contact = self._note_contact()
        self.assign_positions = self._assign_positions()
        self.lowest_position = self._lowest_position()

    def _notify(self) -> ColumnElement[str]:
        """Notify every process, which looks when this has committed; `message` is for those of the previous release."""
        return func.pg_notify(self._tables.channel, text("message")).cast(String)

    def _look(self) -> Statement:
        """Each row has the whole head, and one revocation or none."""
        tables, position = self._tables, bindparam("applied", type_=BigInteger())
        leases = insert(tables.process_leases).values(
            process=text("process"), valid_until=NOW + LEASE, position=position
        )
        renewed = (
            leases.on_conflict_do_update(
                index_elements=["process"],
                set_={"valid_until": leases.excluded.valid_until, "position": leases.excluded.position},
            )
            .returning(tables.process_leases.c.process)
            .cte("renewed")
        )
        lease, contact, held = tables.poll_lease, tables.contact, tables.revocations
        pending = self._pending()
        is_new = and_(
            or_(held.c.position > bindparam("known", type_=BigInteger()), held.c.position.is_(None)),
            held.c.expires_at > bindparam("now", type_=INSTANT),
        )
        notify = case((bindparam("notify", type_=Boolean()), signal(self._tables, Signal.APPLIED)))
        return Statement(
            select(
                func.coalesce(lease.c.position, 0).label("lease_position"),
                contact.c.heard_at,
                _seconds_since(contact.c.heard_at).label("contact_age"),
                contact.c.clock_offset,
                contact.c.caught_up_at,
                pending.c.pending,
                pending.c.oldest,
                select(notify).scalar_subquery().label("signal"),
                *held.c,
            )
            .select_from(renewed)
            .join(pending, true())
            .outerjoin(lease, lease.c.issuer == text("issuer"))
            .outerjoin(contact, contact.c.issuer == text("issuer"))
            .outerjoin(held, is_new)
        )

    def _last_position(self) -> Statement:
        lease = self._tables.poll_lease.c
        last = func.coalesce(func.max(lease.position), 0).label("position")
        return Statement(select(last).where(lease.issuer == text("issuer")))

    def _portion(self) -> Statement:
        """The next revocations in the order of their kinds and keys, which do not change: none is passed over that was
        there when the first portion was read."""
        held = self._tables.revocations
        comes_next = tuple_(held.c.kind, held.c.key) > tuple_(text("kind"), text("key"))
        is_alive = held.c.expires_at > bindparam("now", type_=INSTANT)
        portion = select(*held.c).where(comes_next, is_alive).order_by(held.c.kind, held.c.key)
        return Statement(portion.limit(literal(READ_AT_ONCE)))

    def _pending(self) -> Any:
        received = self._tables.received
        oldest = func.coalesce(_seconds_since(func.min(received.c.received_at)), 0.0).label("oldest")
        return select(func.count().label("pending"), oldest).where(received.c.is_pending).subquery("waiting")

    def _leave(self) -> Any:
        leases = self._tables.process_leases
        gone = delete(leases).where(leases.c.process == text("process")).returning(leases.c.process).cte("gone")
        return select(gone.c.process, signal(self._tables, Signal.APPLIED))

    def _fence(self) -> CTE:
        lease = self._tables.poll_lease
        microseconds = (func.extract("epoch", NOW) * 1_000_000).cast(BigInteger)
        position = func.greatest(lease.c.position + 1, microseconds)
        return (
            update(lease)
            .where(is_holder(self._tables))
            .values(position=position)
            .returning(lease.c.position)
            .cte("fence")
        )

    def _take(self, *, revokes: bool) -> Statement:
        """The event as new, with what it revokes; or, if it was taken before, whether its effect is pending."""
        tables, fence = self._tables, self._fence()
        received, has_effect = tables.received, bindparam("has_effect", type_=Boolean())
        new = (
            insert(received)
            .from_select(["jti", "is_pending"], select(text("jti"), has_effect).select_from(fence))
            .on_conflict_do_nothing()
            .returning(received.c.jti, received.c.is_pending)
            .cte("new")
        )
        before = select(received.c.is_pending).where(received.c.jti == text("jti")).scalar_subquery()
        is_pending = func.coalesce(select(new.c.is_pending).scalar_subquery(), before, False)
        columns = [fence.c.position, is_pending.label("is_pending"), select(new.c.jti).exists().label("is_new")]
        if not revokes:
            return Statement(select(*columns))
        return Statement(select(*columns, self._notify()).add_cte(self._revoke(fence, new)))

    def _revoke(self, fence: CTE, new: CTE) -> CTE:
        revocations = self._tables.revocations
        names = [*_REVOCATION, "position"]
        values: list[ColumnElement[Any]] = [bindparam(name, type_=type_) for name, type_ in _REVOCATION.items()]
        statement = insert(revocations).from_select(
            names, select(*values, fence.c.position).select_from(fence.join(new, true()))
        )
        excluded, old = statement.excluded, revocations.c
        # A process that refused it already has nothing to measure.
        is_known = and_(old.valid_from == excluded.valid_from, old.version.is_not_distinct_from(excluded.version))
        changes: dict[str, Any] = {name: excluded[name] for name in _CHANGED}
        changes["happened_at"] = case((is_known, null()), else_=excluded.happened_at)
        return statement.on_conflict_do_update(
            index_elements=[old.kind, old.key], set_=changes, where=_is_later(revocations, excluded)
        ).cte("revoked")

    def _note_contact(self) -> Statement:
        tables = self._tables
        # The same in both columns: a process knows by that whether the last answer left nothing behind.
        heard_at = func.statement_timestamp(type_=INSTANT) - bindparam("age", type_=Interval())
        caught_up_at = case((bindparam("left_nothing", type_=Boolean()), heard_at))
        clock_offset: ColumnElement[Any] = bindparam("clock_offset", type_=Double())
        mine = select(tables.poll_lease.c.issuer, heard_at, clock_offset, caught_up_at).where(is_holder(self._tables))
        statement = insert(tables.contact).from_select(["issuer", "heard_at", "clock_offset", "caught_up_at"], mine)
        changes: dict[str, Any] = {name: statement.excluded[name] for name in ("heard_at", "clock_offset")}
        changes["caught_up_at"] = func.coalesce(statement.excluded.caught_up_at, tables.contact.c.caught_up_at)
        noted = statement.on_conflict_do_update(index_elements=["issuer"], set_=changes)
        heard = noted.returning(tables.contact.c.issuer).cte("heard")
        return Statement(select(heard.c.issuer, self._notify()))

    def _assign_positions(self) -> Statement:
        held, fence = self._tables.revocations, self._fence()
        without_position = (
            select(held.c.kind, held.c.key)
            .where(held.c.position.is_(None))
            .limit(literal(POSITIONS_AT_ONCE))
            .with_for_update(skip_locked=True)
        )
        assigned = (
            update(held)
            .where(tuple_(held.c.kind, held.c.key).in_(without_position))
            .values(position=fence.c.position)
            .returning(held.c.key)
            .cte("assigned")
        )
        return Statement(select(fence.c.position, self._notify()).add_cte(assigned))

    def _lowest_position(self) -> Statement:
        leases = self._tables.process_leases
        return Statement(select(func.min(leases.c.position).label("position")).where(leases.c.valid_until > NOW))


def _is_later(revocations: Table, new: Any) -> ColumnElement[bool]:
    """The order of `Revocation.replaces`."""
    old = revocations.c
    of_the_past = tuple_(func.coalesce(old.version, 0), old.valid_from)
    is_later = of_the_past <= tuple_(func.coalesce(new.version, 0), new.valid_from)
    is_last = and_(old.kind == Kind.DISABLED, or_(old.version.is_(None), new.version.is_(None)))
    return or_(is_later, is_last)
