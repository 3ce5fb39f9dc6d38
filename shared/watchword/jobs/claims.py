"""The statements of a worker: what is due, claiming it, and how each attempt ended.

A lease is recognized by its end: each claim of a job gives it another one, after the last. A worker that stood still
while its lease ran out therefore changes nothing of what another has claimed meanwhile.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CursorResult,
    Row,
    Select,
    String,
    Table,
    TableValuedAlias,
    and_,
    any_,
    bindparam,
    case,
    delete,
    extract,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.database.statements import Statement
from watchword.jobs.job import Job, JobKind
from watchword.jobs.table import waits_to_run

_NOW: Final = func.statement_timestamp()
"""The database's clock. It is the same throughout a statement, so that an index can be searched for it."""

LOST: Final = "its last attempt did not end: the process died or stood still"


class Claims:
    """Statements over one table. None commits."""

    def __init__(self, table: Table, kinds: Mapping[str, JobKind]) -> None:
        self._table = table
        self._kinds = kinds
        self.seconds_until_due = Statement(_seconds_until_due(table))
        """Takes `kinds`. Seconds until the next job may be claimed, negative if it is late; NULL if there is none."""

    async def claim(
        self, db: AsyncSession, kinds: Collection[str], limit: int, *, takes_lost: bool
    ) -> tuple[list[Job], list[Job]]:
        """Claim at most so many jobs of these kinds that are due. First those to do, each counted and leased; then
        those that this call makes dead, since too many of their attempts have not ended.

        Of the jobs whose last attempt has not ended at most one is claimed, and none unless `takes_lost`: what kills
        the process may be any of those that ran in it, and must not take the others with it again and again.
        """
        lost = await self._fetch(db, lost_jobs(self._table, kinds), min(limit, int(takes_lost)))
        left = limit - len(lost)
        due = await self._fetch(db, due_jobs(self._table, kinds, left), left)
        exhausted = [row.id for row in lost if self._is_exhausted(row)]
        retried = [row.id for row in lost if row.id not in exhausted]
        jobs = await self._lease(db, retried, losses=1) + await self._lease(db, [row.id for row in due], losses=0)
        return jobs, await self._bury_lost(db, exhausted)

    async def delete(self, db: AsyncSession, job: Job) -> bool:
        """Delete a job that has succeeded. False if its lease is another's."""
        return await _changes(db, delete(self._table).where(self._is_held(job)))

    async def put_off(self, db: AsyncSession, job: Job, error: str, pause: timedelta) -> bool:
        """Let a job wait whose attempt ended without success. False if its lease is another's. Raises IntegrityError if
        another job waits that has its key."""
        values = {"leased_until": None, "run_at": _NOW + pause, "last_error": error}
        return await _changes(db, update(self._table).where(self._is_held(job)).values(values))

    async def bury(self, db: AsyncSession, job: Job, error: str) -> bool:
        """Make a job dead. False if its lease is another's."""
        values = {"leased_until": None, "dead_at": _NOW, "last_error": error}
        return await _changes(db, update(self._table).where(self._is_held(job)).values(values))

    async def _fetch(self, db: AsyncSession, candidates: Select[Any], limit: int) -> list[Row[Any]]:
        return list(await db.execute(candidates.limit(limit))) if limit else []

    def _is_exhausted(self, row: Row[Any]) -> bool:
        kind = self._kinds[row.kind]
        return bool(row.attempts >= kind.most_attempts or row.losses + 1 >= kind.most_losses)

    async def _lease(self, db: AsyncSession, ids: list[UUID], *, losses: int) -> list[Job]:
        table = self._table
        lease = case(*((table.c.kind == name, timedelta(seconds=kind.lease_seconds)) for name, kind in self._items()))
        values = {
            "attempts": table.c.attempts + 1,
            "losses": table.c.losses + losses,
            "leased_until": func.clock_timestamp() + lease,
        }
        return await self._update(db, ids, values)

    async def _bury_lost(self, db: AsyncSession, ids: list[UUID]) -> list[Job]:
        losses = self._table.c.losses + 1
        values = {"losses": losses, "leased_until": None, "dead_at": _NOW, "last_error": literal(LOST)}
        return await self._update(db, ids, values)

    async def _update(self, db: AsyncSession, ids: list[UUID], values: dict[str, Any]) -> list[Job]:
        if not ids:
            return []
        table = self._table
        statement = update(table).where(table.c.id.in_(ids)).values(values).returning(table)
        rows = await db.execute(statement)
        return [Job(row.id, row.kind, row.key, row.payload, row.attempts, row.losses, row.leased_until) for row in rows]

    def _items(self) -> list[tuple[str, JobKind]]:
        return list(self._kinds.items())

    def _is_held(self, job: Job) -> ColumnElement[bool]:
        return and_(self._table.c.id == job.id, self._table.c.leased_until == job.leased_until)


def lost_jobs(table: Table, kinds: Collection[str]) -> Select[Any]:
    """The jobs whose lease has run out, those that have waited longest first, locked."""
    lost = select(table).where(table.c.kind.in_(kinds), table.c.leased_until <= _NOW)
    return lost.order_by(table.c.leased_until).with_for_update(skip_locked=True)


def due_jobs(table: Table, kinds: Collection[str], limit: int) -> Select[Any]:
    """The jobs that are due, those that have waited longest first; at most so many of each kind, locked."""
    kind = _kinds_as_rows(literal(list(kinds), ARRAY(String)))
    waiting = _waiting_jobs(table, kind).where(table.c.run_at <= _NOW)
    due = waiting.limit(limit).with_for_update(skip_locked=True).lateral()
    return select(due).select_from(kind.join(due, true())).order_by(due.c.run_at)


def _waiting_jobs(table: Table, kind: TableValuedAlias) -> Select[Any]:
    """The jobs of one kind that wait, the earliest first. PostgreSQL reads them from the index by kind and time, and so
    passes over no job of another kind, of which a hundred thousand may wait."""
    return select(table).where(table.c.kind == kind.c.kind, waits_to_run(table)).order_by(table.c.run_at)


def _kinds_as_rows(kinds: ColumnElement[Any]) -> TableValuedAlias:
    return func.unnest(kinds).table_valued("kind").render_derived("kinds")


def _seconds_until_due(table: Table) -> Any:
    kinds = bindparam("kinds", type_=ARRAY(String))
    kind, is_known = _kinds_as_rows(kinds), table.c.kind == any_(kinds)
    first = _waiting_jobs(table, kind).with_only_columns(table.c.run_at).limit(1).lateral()
    waiting = select(func.min(first.c.run_at)).select_from(kind.join(first, true()))
    leased = select(func.min(table.c.leased_until)).where(table.c.leased_until.is_not(None), is_known)
    next_at = func.least(waiting.scalar_subquery(), leased.scalar_subquery())
    return select(extract("epoch", next_at - _NOW).label("seconds"))


async def _changes(db: AsyncSession, statement: Any) -> bool:
    result = await db.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - a statement that changes rows has no other
    return result.rowcount == 1
