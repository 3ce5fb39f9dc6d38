"""The hourly clean-up: a job that deletes what expired long ago, a bounded number of portions in each run."""

import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authorization_codes import repository as authorization_codes
from identity_service.device_grants import cleanup as device_grants
from identity_service.links import repository as links
from identity_service.refused_sign_ins import repository as refused_sign_ins
from identity_service.sessions import cleanup as sessions
from identity_service.tables import ALLOWANCES, JOBS
from identity_service.users import repository as users
from identity_service.users import usernames
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.jobs import Job, Jobs
from watchword.jobs.records import DEAD_FOR, delete_dead
from watchword.limits import delete_unneeded_portion

logger = logging.getLogger("identity.cleanup")

CLEANUP: Final = "cleanup"
PERIOD: Final = timedelta(hours=1)
PORTIONS_PER_RUN: Final = 50
"""A portion takes some ten milliseconds. What is left is deleted by another job, which begins at once."""

AWAITED_FOR: Final = timedelta(days=7)
"""How long an account may await the verification of its address."""

REFUSALS_FOR: Final = timedelta(days=90)
"""How long the record of refused sign-ins is kept."""

CODES_FOR: Final = timedelta(days=1)
"""How long after its end an authorization code is remembered: until then, presenting it again ends the session that it
made."""

DeletePortion = Callable[[AsyncSession, datetime], Awaitable[Mapping[str, int]]]
"""Deletes at most a portion of what has expired at that time, in the caller's transaction. Returns how many rows of
each kind: none if it leaves none."""


async def _delete_dead_jobs(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"dead_jobs": await delete_dead(db, JOBS, now - DEAD_FOR)}


async def _delete_released_usernames(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"released_usernames": await usernames.delete_portion_of_free(db, now)}


async def _delete_expired_links(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"links": await links.delete_expired(db, now)}


async def _delete_unverified(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"unverified_accounts": await users.delete_long_awaiting(db, now - AWAITED_FOR)}


async def _delete_unneeded_allowances(db: AsyncSession, _: datetime) -> Mapping[str, int]:
    return {"allowances": await delete_unneeded_portion(db, ALLOWANCES)}


async def _delete_refused_sign_ins(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"refused_sign_ins": await refused_sign_ins.delete_before(db, now - REFUSALS_FOR)}


async def _delete_refused_sign_ins_of_deleted(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"refused_sign_ins": await refused_sign_ins.delete_of_deleted(db, now)}


async def _delete_authorization_codes(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"authorization_codes": await authorization_codes.delete_expired(db, now - CODES_FOR)}


EXPIRED: Final[tuple[DeletePortion, ...]] = (
    _delete_authorization_codes,
    sessions.delete_expired_tokens,
    sessions.delete_sessions_over,
    sessions.delete_sign_ons_over,
    device_grants.delete_expired,
    _delete_released_usernames,
    _delete_expired_links,
    _delete_unverified,
    _delete_refused_sign_ins,
    _delete_refused_sign_ins_of_deleted,
    _delete_dead_jobs,
    _delete_unneeded_allowances,
)
"""What is cleaned up, in this order."""


class Deleted(NamedTuple):
    """How many rows of each kind were deleted, and whether there may be more."""

    rows: Mapping[str, int]
    is_all: bool


async def delete_expired(database: Database, now: datetime) -> Deleted:
    """Delete what has expired, at most PORTIONS_PER_RUN portions of it. Safe to run in several processes at once."""
    rows: Counter[str] = Counter()
    left = PORTIONS_PER_RUN
    for delete_portion in EXPIRED:
        while True:
            if not left:
                return Deleted(rows, is_all=False)
            async with database.begin() as db:
                portion = await delete_portion(db, now)
            if not any(portion.values()):
                break
            left -= 1
            rows.update(portion)
    return Deleted(rows, is_all=True)


class Cleanup:
    """Runs the job of the hourly clean-up."""

    def __init__(self, database: Database, jobs: Jobs, clock: Clock) -> None:
        self._database = database
        self._jobs = jobs
        self._clock = clock

    async def run(self, job: Job) -> None:
        """Delete what has expired and log how much; enqueue another job for what is left."""
        began = time.monotonic()
        deleted = await delete_expired(self._database, self._clock.now())
        if deleted.rows:
            took = round(time.monotonic() - began, 1)
            rows = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in deleted.rows.items() if count)
            text = "deleted what expired long ago: %s, in %s seconds"
            logger.info(text, rows, took, extra={**deleted.rows, "seconds": took})
        if not deleted.is_all:
            async with self._database.begin() as db:
                await self._jobs.enqueue(db, job.kind, {}, key=job.key)
