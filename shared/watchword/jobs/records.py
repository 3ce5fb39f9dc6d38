"""The jobs of a table as people and metrics see them: counted, tried again, and deleted long after."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, extract, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.database.database import Database, violates
from watchword.database.portions import delete_portion
from watchword.database.statements import Statement
from watchword.errors import Conflict, NotFound
from watchword.jobs.enqueueing import Jobs
from watchword.jobs.table import key_index, waits

DEAD_FOR: Final = timedelta(days=30)
"""How long a dead job is kept."""


class JobCounts(NamedTuple):
    """The jobs of one kind. `oldest_due_seconds` is how long the one that could run longest has waited for a worker."""

    waiting: int
    dead: int
    oldest_due_seconds: float


class NoDeadJob(NotFound):
    code = "no_dead_job"
    detail = "There is no dead job with this id."


class KeyTaken(Conflict):
    code = "job_waits_already"
    detail = "Another job that does the same is waiting already."


class JobRecords:
    """Each call is a transaction of its own."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs
        self._table = jobs.table
        self._counts = Statement(_counts_of(jobs.table))

    async def retry(self, job_id: UUID, record: Callable[[AsyncSession], None] = lambda _: None) -> None:
        """Have a dead job run again, at once, its attempts and losses counted from zero; `record` may write that down
        in the same transaction. Raises NoDeadJob and KeyTaken."""
        table = self._table
        values = {"dead_at": None, "attempts": 0, "losses": 0, "run_at": func.now()}
        retried = update(table).where(table.c.id == job_id, table.c.dead_at.is_not(None)).values(values)
        try:
            async with self._database.begin() as db:
                ids = (await db.scalars(retried.returning(table.c.id))).all()
                if ids:
                    record(db)
                    await self._jobs.notify(db)
        except IntegrityError as error:
            if violates(error, key_index(table.name)):
                raise KeyTaken from error
            raise
        if not ids:
            raise NoDeadJob

    async def dead_ids(self) -> Sequence[UUID]:
        """The ids of all dead jobs, the oldest first."""
        table = self._table
        async with self._database.begin() as db:
            dead = select(table.c.id).where(table.c.dead_at.is_not(None)).order_by(table.c.dead_at, table.c.id)
            return (await db.scalars(dead)).all()

    async def counts(self) -> Mapping[str, JobCounts]:
        """The jobs of each kind that has any."""
        rows = await self._database.reads.fetch_rows(self._counts)
        return {row["kind"]: JobCounts(row["waiting"], row["dead"], float(row["oldest_due"])) for row in rows}


async def delete_dead(db: AsyncSession, table: Table, before: datetime) -> int:
    """Delete a portion of the jobs that became dead before this time, and return how many."""
    return await delete_portion(db, table, table.c.dead_at < before, order_by=[table.c.dead_at])


def _counts_of(table: Table) -> Any:
    now = func.statement_timestamp()
    due_since = cast(ColumnElement[datetime], func.coalesce(table.c.leased_until, table.c.run_at))
    is_dead = table.c.dead_at.is_not(None)
    age = func.max(extract("epoch", now - due_since)).filter(~is_dead)
    return select(
        table.c.kind,
        func.count().filter(waits(table)).label("waiting"),
        func.count().filter(is_dead).label("dead"),
        func.greatest(func.coalesce(age, 0), 0).label("oldest_due"),
    ).group_by(table.c.kind)
