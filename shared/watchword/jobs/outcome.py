"""One attempt at a job, and writing down how it ended."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchword.database.database import Database, violates
from watchword.errors import AppError, Unavailable
from watchword.jobs.claims import Claims
from watchword.jobs.enqueueing import Jobs
from watchword.jobs.job import Job, JobKind, JobPostponed, JobRefused
from watchword.jobs.periodic import Schedule
from watchword.jobs.table import key_index
from watchword.lines import one_line
from watchword.tally import Tally

logger = logging.getLogger("watchword.jobs")

FIRST_PAUSE_SECONDS: Final = 1.0
WRITE_AGAIN_SECONDS: Final = 0.2
INTERRUPT_SECONDS: Final = 0.8
"""How long a process that stops tries to leave a job to others: it is cancelled again after a second."""

MAX_ERROR_CHARACTERS: Final = 200

_Write = Callable[[AsyncSession], Awaitable[bool]]
"""Writes down how an attempt ended; false if the lease is another's."""


class Outcomes:
    """Runs handlers, and writes down how their attempts ended: done, put off, or dead."""

    def __init__(self, database: Database, jobs: Jobs, claims: Claims, schedule: Schedule) -> None:
        self._database = database
        self._jobs = jobs
        self._claims = claims
        self._schedule = schedule
        self._key_index = key_index(jobs.table.name)
        self.tally = Tally("done", "failed", "postponed", "dead", "interrupted", "lost")

    async def attempt(self, job: Job, kind: JobKind, deadline: float) -> None:
        """Run the handler, until `deadline` of the event loop's clock, and write down how that ended."""
        try:
            async with asyncio.timeout_at(deadline) as limit:
                await kind.handler(job)
        except asyncio.CancelledError:
            await self._interrupt(job)
            raise
        except JobRefused as error:
            await self._bury(job, error)
        except Exception as error:
            reason = _LimitReached(f"over {kind.limit_seconds:g} s") if limit.expired() else error
            await (self._bury(job, reason) if job.attempt >= kind.most_attempts else self._put_off(job, kind, reason))
        else:
            await self._complete(job)

    def log_dead(self, job: Job, error: str) -> None:
        """Count and log a dead job."""
        self.tally["dead"] += 1
        logger.error("job is dead: %s %s: %s", job.kind, job.id, error, extra={**_fields(job), "error": error})

    async def _complete(self, job: Job) -> None:
        async def write(db: AsyncSession) -> bool:
            if not await self._claims.delete(db, job):
                return False
            await self._schedule.enqueue_next(db, job)
            return True

        if await self._write(job, write):
            self.tally["done"] += 1

    async def _bury(self, job: Job, error: Exception) -> None:
        text = _text(error)

        async def write(db: AsyncSession) -> bool:
            if not await self._claims.bury(db, job, text):
                return False
            await self._schedule.enqueue_next(db, job)
            return True

        if await self._write(job, write):
            self.log_dead(job, text)

    async def _interrupt(self, job: Job) -> None:
        """Leave a job to another process at once, which this process breaks off because it stops. It is no loss.

        If that cannot be written down at once, the lease runs out, as after the death of the process.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(INTERRUPT_SECONDS):
                if await self._let_wait(job, "the process was stopped", timedelta()):
                    self.tally["interrupted"] += 1
                    logger.info("job is left to another process: %s %s", job.kind, job.id, extra=_fields(job))

    async def _let_wait(self, job: Job, reason: str, pause: timedelta) -> bool:
        async def write(db: AsyncSession) -> bool:
            if not await self._claims.put_off(db, job, reason, pause):
                return False
            if not pause:
                await self._jobs.notify(db)
            return True

        try:
            return await self._write(job, write)
        except IntegrityError as violation:
            if not violates(violation, self._key_index):
                raise
            # Another job of its key waits, and does what this one should have done.
            return await self._write(job, lambda db: self._claims.delete(db, job))

    async def _put_off(self, job: Job, kind: JobKind, error: Exception) -> None:
        text, pause = _text(error), pause_after(job.attempt, kind.longest_pause_seconds)
        if await self._let_wait(job, text, pause):
            outcome, level = _outcome_of(error)
            self.tally[outcome] += 1
            seconds = round(pause.total_seconds(), 1)
            fields = {**_fields(job), "error": text, "again_in": seconds}
            message = "job %s: %s %s, attempt %d: %s; again in %.1f s"
            values = outcome, job.kind, job.id, job.attempt, text, seconds
            bug = None if isinstance(error, AppError | JobPostponed | _LimitReached) else error
            logger.log(level, message, *values, extra=fields, exc_info=bug)

    async def _write(self, job: Job, write: _Write) -> bool:
        """Write until the database takes it: what is done must not be done again because it was away for a moment."""
        while True:
            try:
                async with self._database.begin() as db:
                    is_ours = await write(db)
                break
            except Unavailable as error:
                logger.warning("cannot write down how a job ended: %s", one_line(str(error)), extra=_fields(job))
                await asyncio.sleep(WRITE_AGAIN_SECONDS)
        if not is_ours:
            self.tally["lost"] += 1
            logger.warning("job had run out of its lease: %s %s", job.kind, job.id, extra=_fields(job))
        return is_ours


class _LimitReached(Exception):
    """The handler was cancelled at its time limit."""


def pause_after(attempt: int, longest_seconds: float) -> timedelta:
    """How long a job waits after this attempt: about a second after the first, twice as long after each further one, at
    most `longest_seconds`; up to half of it less, by chance, so that what failed together is not tried together."""
    seconds = min(FIRST_PAUSE_SECONDS * 2 ** min(attempt - 1, 16), longest_seconds)
    return timedelta(seconds=seconds * random.uniform(0.5, 1))  # noqa: S311 - no secret


def _outcome_of(error: Exception) -> tuple[str, int]:
    """How to count an attempt that another one follows, and the level of its line in the log."""
    return ("postponed", logging.DEBUG) if isinstance(error, JobPostponed) else ("failed", logging.WARNING)


def _text(error: Exception) -> str:
    """The class and the message, as one line of limited length."""
    name = type(error).__name__.lstrip("_")
    return one_line(f"{name}: {error}" if str(error) else name, MAX_ERROR_CHARACTERS)


def _fields(job: Job) -> dict[str, object]:
    return {"job": str(job.id), "kind": job.kind, "attempt": job.attempt}
