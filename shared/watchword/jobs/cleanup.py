"""The hourly clean-up: a job that deletes what expired long ago, a bounded number of portions in each run."""

import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.clock import Clock
from watchword.database.database import Database
from watchword.jobs.enqueueing import Jobs
from watchword.jobs.job import Job, JobKind
from watchword.jobs.records import DEAD_FOR, delete_dead
from watchword.limits.tables import delete_unneeded_portion

logger = logging.getLogger("watchword.cleanup")

CLEANUP: Final = "cleanup"
PERIOD: Final = timedelta(hours=1)
PORTIONS_PER_RUN: Final = 50
"""A portion takes some ten milliseconds. What is left is deleted by another job, which begins at once."""

DeletePortion: TypeAlias = Callable[[AsyncSession, datetime], Awaitable[Mapping[str, int]]]
"""Deletes at most a portion of what has expired at that time, in the caller's transaction. Returns how many rows of
each kind: none if it leaves none."""


class Deleted(NamedTuple):
    """How many rows of each kind were deleted, and whether there may be more."""

    rows: Mapping[str, int]
    is_all: bool


class Cleanup:
    """Deletes what `expired` says, in this order: in a job each hour."""

    def __init__(self, database: Database, jobs: Jobs, clock: Clock, expired: Sequence[DeletePortion]) -> None:
        self._database = database
        self._jobs = jobs
        self._clock = clock
        self._expired = tuple(expired)

    def job_kind(self) -> JobKind:
        """How the jobs named CLEANUP are done."""
        return JobKind(self.run, every=PERIOD)

    async def run(self, job: Job) -> None:
        """Delete what has expired and log how much; enqueue another job for what is left."""
        began = time.monotonic()
        deleted = await self.delete_expired(self._clock.now())
        if deleted.rows:
            took = round(time.monotonic() - began, 1)
            rows = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in deleted.rows.items() if count)
            text = "deleted what expired long ago: %s, in %s seconds"
            logger.info(text, rows, took, extra={**deleted.rows, "seconds": took})
        if not deleted.is_all:
            async with self._database.begin() as db:
                await self._jobs.enqueue(db, job.kind, {}, key=job.key)

    async def delete_expired(self, now: datetime) -> Deleted:
        """Delete what has expired, at most PORTIONS_PER_RUN portions of it. Safe to run in several processes at
        once."""
        rows: Counter[str] = Counter()
        left = PORTIONS_PER_RUN
        for delete_portion in self._expired:
            while True:
                if not left:
                    return Deleted(rows, is_all=False)
                async with self._database.begin() as db:
                    portion = await delete_portion(db, now)
                if not any(portion.values()):
                    break
                left -= 1
                rows.update(portion)
        return Deleted(rows, is_all=True)


def dead_jobs_of(jobs: Table) -> DeletePortion:
    """Deletes the jobs that have been dead for long."""

    async def delete_dead_jobs(db: AsyncSession, now: datetime) -> Mapping[str, int]:
        return {"dead_jobs": await delete_dead(db, jobs, now - DEAD_FOR)}

    return delete_dead_jobs


def unneeded_of(allowances: Table) -> DeletePortion:
    """Deletes the allowances that say nothing."""

    async def delete_unneeded_allowances(db: AsyncSession, _: datetime) -> Mapping[str, int]:
        return {"allowances": await delete_unneeded_portion(db, allowances)}

    return delete_unneeded_allowances
