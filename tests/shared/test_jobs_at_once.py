"""A kind of jobs that may take long or must wait leaves room for the others; many are written in one statement."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import column, func, select

from tests.shared.job_table import CHANNEL, JOBS, NO_PAUSE, Attempts, enqueue, job_table, kind_of, rows, working
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database import Database, Listener
from watchword.jobs import Job, JobKind, JobPostponed
from watchword.jobs.outcome import pause_after
from watchword.tasks import cancel_and_wait


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with job_table(databases) as database:
        yield database


async def test_kind_that_takes_long_leaves_room_for_another(databases: Databases, database: Database) -> None:
    running: list[Job] = []
    may_end = asyncio.Event()

    async def wait(job: Job) -> None:
        running.append(job)
        await may_end.wait()

    quick = Attempts()
    for _ in range(6):
        await enqueue(database, "slow")
    kinds = {"slow": JobKind(wait, most_at_once=2), "quick": JobKind(quick)}
    async with working(databases, kinds, at_once=3) as worker:
        await until(lambda: len(running) == 2)
        for _ in range(6):
            await enqueue(database, "quick")
        await until(lambda: worker.outcomes["done"] == 6)
        assert (len(quick.jobs), len(running)) == (6, 2)
        may_end.set()
        await until(lambda: worker.outcomes["done"] == 12)


async def test_jobs_that_were_lost_are_limited_too(databases: Databases, database: Database) -> None:
    """They are claimed one at a time, and not while their kind has no room."""
    running: list[Job] = []

    async def wait(job: Job) -> None:
        running.append(job)
        await asyncio.Event().wait()

    for _ in range(3):
        await enqueue(database)
    await databases.execute("posts_owner", f"UPDATE {JOBS.table} SET attempts = 1, leased_until = now()")  # noqa: S608
    async with working(databases, {"note": JobKind(wait, most_at_once=1)}) as worker:
        await until(lambda: len(running) == 1)
        worker.wake()
        await enqueue(database)
        assert len(running) == 1
    assert sorted(row["attempts"] for row in await rows(databases)) == [0, 1, 1, 2]


async def test_job_whose_turn_has_not_come_is_tried_again_and_no_warning_is_logged(
    databases: Databases, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with working(databases, kind_of(Attempts(JobPostponed("others come first")))) as worker:
        await enqueue(database)
        await until(lambda: worker.outcomes["postponed"] == 1)
        (row,) = await rows(databases)
        assert (row["last_error"], row["attempts"]) == ("JobPostponed: others come first", 1)
        await databases.execute("posts_app", NO_PAUSE)
        worker.wake()
        await until(lambda: worker.outcomes["done"] == 1)
    assert worker.outcomes["failed"] == 0
    assert [record for record in caplog.records if record.name == "watchword.jobs"] == []


@pytest.mark.parametrize("longest", [300.0, 600.0])
def test_delivery_may_fail_for_a_minute_and_for_a_day(longest: float) -> None:
    kind = JobKind.delivery(Attempts(), lease_seconds=20.0, longest_pause_seconds=longest)
    assert pause_after(7, longest).total_seconds() <= 64
    # By chance, each pause may be half of its length.
    assert 86_400 < sum(0.5 * min(2 ** (attempt - 1), longest) for attempt in range(1, kind.most_attempts)) < 90_000


@pytest.mark.parametrize("most", [0, -1])
def test_kind_of_which_none_may_run_is_refused(most: int) -> None:
    with pytest.raises(ValueError, match="most_at_once"):
        JobKind(Attempts(), most_at_once=most)


@pytest.mark.parametrize("longest", [0.0, -1.0, float("nan"), float("inf")])
def test_delivery_whose_pauses_have_no_end_or_no_length_is_refused(longest: float) -> None:
    with pytest.raises(ValueError, match="longest_pause_seconds"):
        JobKind.delivery(Attempts(), lease_seconds=20.0, longest_pause_seconds=longest)


async def test_each_row_of_a_query_becomes_a_job_and_the_workers_are_notified_if_there_is_one(
    databases: Databases, database: Database
) -> None:
    heard: list[str] = []

    async def nothing() -> None:
        heard.append("catch up")

    listener = Listener(database.dsn, CHANNEL, heard.append, nothing)
    listening = asyncio.create_task(listener.run())
    await until(lambda: heard == ["catch up"])
    number = func.generate_series(1, 3).table_valued(column("number")).render_derived()
    payloads = select(func.jsonb_build_object("number", number.c.number))
    async with database.begin() as db:
        assert await JOBS.enqueue_each(db, "note", payloads.where(number.c.number > 3)) == 0
    async with database.begin() as db:
        assert await JOBS.enqueue_each(db, "note", payloads) == 3
    await until(lambda: heard == ["catch up", "jobs"])
    assert [row["payload"] for row in await rows(databases)] == [f'{{"number": {each}}}' for each in (1, 2, 3)]
    await cancel_and_wait([listening])
