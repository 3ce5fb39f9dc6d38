"""Jobs that run again and again, whatever the number of processes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.database.database import Database
from watchword.jobs.enqueueing import Jobs
from watchword.jobs.job import Job, JobKind

FIRST_AFTER: Final = timedelta(minutes=1)
"""When the first job of a kind runs, unless it runs more often than that."""


class Schedule:
    """Keeps one job of each periodic kind in the table; the kind is its key."""

    def __init__(self, jobs: Jobs, kinds: Mapping[str, JobKind]) -> None:
        self._jobs = jobs
        self._every = {name: kind.every for name, kind in kinds.items() if kind.every is not None}
        self._is_enqueued = False

    async def ensure_enqueued(self, database: Database) -> None:
        """At the first call, enqueue each periodic kind that has no job: it waits for none and does none."""
        if self._is_enqueued:
            return
        table = self._jobs.table
        for name, every in self._every.items():
            async with database.begin() as db:
                alive = exists().where(table.c.kind == name, table.c.dead_at.is_(None))
                if not await db.scalar(select(alive)):
                    await self._enqueue(db, name, min(every, FIRST_AFTER))
        self._is_enqueued = True

    async def enqueue_next(self, db: AsyncSession, job: Job) -> None:
        """Enqueue the job that follows one of a periodic kind that has ended; nothing if one waits already."""
        every = self._every.get(job.kind)
        if every is not None:
            await self._enqueue(db, job.kind, every)

    async def _enqueue(self, db: AsyncSession, name: str, after: timedelta) -> None:
        run_at = (await db.scalars(select(func.now() + after))).one()
        await self._jobs.enqueue(db, name, {}, run_at=run_at, key=name)
