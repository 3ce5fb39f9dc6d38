"""Doing jobs: claimed a few at a time, done side by side outside any transaction, each within its time limit."""

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from watchword.database.database import Database
from watchword.jobs.claims import LOST, Claims
from watchword.jobs.enqueueing import Jobs
from watchword.jobs.job import Job, JobKind
from watchword.jobs.outcome import Outcomes
from watchword.jobs.periodic import Schedule
from watchword.jobs.records import JobCounts, JobRecords
from watchword.tally import Tally
from watchword.tasks import cancel_and_wait, repeat, run_until_first, wait_for

logger = logging.getLogger("watchword.jobs")

POLL_SECONDS: Final = 5.0
"""A notification may be lost, so the table is read at least this often."""

LOCKED_SECONDS: Final = 0.2
"""How long to wait when what is due is locked by somebody else."""

RECONNECT_SECONDS: Final = 1.0
"""Longer than a job waits that is done and could not write it down: it comes first when the database is back."""

COUNT_SECONDS: Final = 15.0


class JobWorker:
    """Runs in every process; each job is done by one of them at a time, at most `at_once` of them in this process.

    The service calls `wake` when it is notified, and when notifications may have been lost.
    """

    def __init__(self, database: Database, jobs: Jobs, kinds: Mapping[str, JobKind], *, at_once: int = 8) -> None:
        self._database = database
        self._kinds = dict(kinds)
        self._at_once = at_once
        self._claims = Claims(jobs.table, self._kinds)
        self._schedule = Schedule(jobs, self._kinds)
        self._outcomes = Outcomes(database, jobs, self._claims, self._schedule)
        self._records = JobRecords(database, jobs)
        self._counts: dict[str, JobCounts] = {}
        self._wakeup = asyncio.Event()
        self._stopped_at: float | None = None
        self._is_failing = False
        self._claiming = asyncio.Lock()
        self._running: dict[asyncio.Task[None], Job] = {}

    @property
    def outcomes(self) -> Tally:
        """How the attempts of this process have ended: done, failed, postponed, dead, interrupted or lost."""
        return self._outcomes.tally

    def counts(self) -> Mapping[str, JobCounts]:
        """The jobs of each kind, as of the last count; every kind that this worker does is in it."""
        return dict.fromkeys(self._kinds, JobCounts(0, 0, 0.0)) | self._counts

    def wake(self) -> None:
        """Look now whether something is due. Does not block."""
        self._wakeup.set()

    def stop(self) -> None:
        """Claim no more. What runs goes on."""
        if self._stopped_at is None:
            self._stopped_at = asyncio.get_running_loop().time()
        self._wakeup.set()

    async def run(self) -> None:
        """Do jobs until the task is cancelled. Those that run then are broken off, and others do them."""
        try:
            await run_until_first(
                repeat(self._work, self._pause, logger, name="doing jobs"),
                repeat(self.count, lambda: COUNT_SECONDS, logger, name="counting jobs"),
            )
        finally:
            await cancel_and_wait(self._running)

    async def finish(self, seconds: float) -> None:
        """Claim no more, and wait until what runs has ended, but no longer than this, counted from the first `stop`."""
        self.stop()
        assert self._stopped_at is not None  # noqa: S101 - by stop
        deadline = self._stopped_at + seconds
        async with self._claiming:
            running = set(self._running)
        if running:
            await asyncio.wait(running, timeout=max(0.0, deadline - asyncio.get_running_loop().time()))

    async def _work(self) -> None:
        """Claim what is due until this process has enough to do, and wait for more."""
        self._is_failing = True
        self._wakeup.clear()
        await self._schedule.ensure_enqueued(self._database)
        pause = await self._claim_due()
        self._is_failing = False
        await wait_for(self._wakeup, pause)

    def _pause(self) -> float:
        return RECONNECT_SECONDS if self._is_failing else 0.0

    async def _claim_due(self) -> float:
        """Begin what is due, for as many as may run at once. Returns the seconds after which to look again."""
        while True:
            kinds, free = self._free()
            if free <= 0:
                return POLL_SECONDS
            # Every process looks each few seconds, and mostly finds nothing, which takes one prepared statement.
            row = await self._database.reads.fetch_row(self._claims.seconds_until_due, kinds=kinds)
            if row is None or row["seconds"] is None:
                return POLL_SECONDS
            if row["seconds"] > 0:
                return min(POLL_SECONDS, float(row["seconds"]))
            async with self._claiming:
                if self._stopped_at is not None:
                    return POLL_SECONDS
                if not await self._claim(kinds, free):
                    return LOCKED_SECONDS

    def _free(self) -> tuple[list[str], int]:
        """The kinds of which this process may begin another job, and how many of them it may begin now."""
        running = Counter(job.kind for job in self._running.values())
        room = {
            name: self._at_once if kind.most_at_once is None else kind.most_at_once - running[name]
            for name, kind in self._kinds.items()
        }
        kinds = [name for name, left in room.items() if left > 0]
        return kinds, min(self._at_once - len(self._running), min((room[name] for name in kinds), default=0))

    async def _claim(self, kinds: Collection[str], limit: int) -> bool:
        """Begin up to so many jobs of these kinds. False if there was nothing to claim."""
        claimed_at = asyncio.get_running_loop().time()
        async with self._database.begin() as db:
            takes_lost = not any(job.losses for job in self._running.values())
            claimed, dead = await self._claims.claim(db, kinds, limit, takes_lost=takes_lost)
            for job in dead:
                await self._schedule.enqueue_next(db, job)
        for job in dead:
            self._outcomes.log_dead(job, LOST)
        for job in claimed:
            kind = self._kinds[job.kind]
            task = asyncio.create_task(self._outcomes.attempt(job, kind, claimed_at + kind.limit_seconds))
            self._running[task] = job
            task.add_done_callback(self._on_ended)
        return bool(claimed or dead)

    def _on_ended(self, task: "asyncio.Task[None]") -> None:
        del self._running[task]
        self._wakeup.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("how a job ended could not be written down", exc_info=error)

    async def count(self) -> None:
        """Count the jobs of each kind, for the metrics."""
        counts = await self._records.counts()
        # A kind that has no job any more, and is not done here, must not keep its last count.
        self._counts = dict.fromkeys(self._counts, JobCounts(0, 0, 0.0)) | dict(counts)
