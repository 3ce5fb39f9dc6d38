"""A job that fails is put off, and ends among the dead jobs; nothing of another's lease is changed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.shared.job_table import (
    JOBS,
    NO_LEASE,
    NO_PAUSE,
    Attempts,
    enqueue,
    job_table,
    kind_of,
    rows,
    until_dead,
    working,
)
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database import Database
from watchword.jobs import Job, JobRecords, JobRefused
from watchword.jobs.listing import JobList
from watchword.jobs.outcome import pause_after
from watchword.jobs.records import KeyTaken, NoDeadJob, delete_dead


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with job_table(databases) as database:
        yield database


async def test_job_that_fails_is_tried_again_with_the_same_id(databases: Databases, database: Database) -> None:
    handler = Attempts(ValueError("first\nline"))
    async with working(databases, kind_of(handler)) as worker:
        await enqueue(database)
        await until(lambda: worker.outcomes["failed"] == 1)
        (row,) = await rows(databases)
        assert (row["last_error"], row["attempts"], row["leased_until"]) == ("ValueError: first\\nline", 1, None)
        await databases.execute("posts_app", NO_PAUSE)
        worker.wake()
        await until(lambda: worker.outcomes["done"] == 1)
    first, second = handler.jobs
    assert (first.id, first.attempt, second.attempt) == (second.id, 1, 2)


async def test_long_message_of_an_error_is_cut(databases: Databases, database: Database) -> None:
    async with working(databases, kind_of(Attempts(ValueError("x" * 10_000)), most_attempts=1)):
        await enqueue(database)
        assert len((await until_dead(databases))["last_error"]) < 250


def test_pauses_grow_up_to_an_hour_and_differ() -> None:
    for attempt, seconds in ((1, 1.0), (2, 2.0), (5, 16.0), (1_000, 3_600.0)):
        pauses = {pause_after(attempt, 3_600.0).total_seconds() for _ in range(50)}
        assert seconds / 2 <= min(pauses) < max(pauses) <= seconds


async def test_no_pause_is_longer_than_the_longest_of_its_kind(databases: Databases, database: Database) -> None:
    kinds = kind_of(Attempts(ValueError()), most_attempts=350, longest_pause_seconds=300)
    await enqueue(database, run_at=datetime.now(UTC) + timedelta(days=1))
    await databases.execute("posts_app", f"UPDATE {JOBS.table} SET attempts = 40")  # noqa: S608
    async with working(databases, kinds) as worker:
        await databases.execute("posts_app", NO_PAUSE)
        worker.wake()
        await until(lambda: worker.outcomes["failed"] == 1)
    (job,) = await databases.fetch("posts_app", f"SELECT run_at - now() AS pause FROM {JOBS.table}")  # noqa: S608
    assert job["pause"] <= timedelta(seconds=300)


async def test_refused_job_is_dead_at_once_and_the_last_attempt_is_the_last(
    databases: Databases, database: Database
) -> None:
    async with working(databases, kind_of(Attempts(JobRefused("no such address")))) as worker:
        await enqueue(database)
        dead = await until_dead(databases)
        assert (dead["last_error"], dead["attempts"]) == ("JobRefused: no such address", 1)
        await until(lambda: worker.outcomes["dead"] == 1)


async def test_handler_is_cancelled_before_its_lease_runs_out(databases: Databases, database: Database) -> None:
    async def hang(_: Job) -> None:
        await asyncio.Event().wait()

    async with working(databases, kind_of(hang, most_attempts=1, lease_seconds=0.8)):
        await enqueue(database)
        assert (await until_dead(databases))["last_error"] == "LimitReached: over 0.6 s"


@pytest.mark.parametrize("error", [None, ValueError("late"), JobRefused("late")])
async def test_worker_that_stood_still_changes_nothing_of_what_another_has_claimed(
    databases: Databases, database: Database, error: Exception | None
) -> None:
    started, end = [asyncio.Event(), asyncio.Event()], [asyncio.Event(), asyncio.Event()]

    async def handler(job: Job) -> None:
        number = job.attempt - 1
        started[number].set()
        await end[number].wait()
        if number == 0 and error is not None:
            raise error

    async with working(databases, kind_of(handler)) as slow, working(databases, kind_of(handler)) as other:
        await enqueue(database)
        await started[0].wait()
        await databases.execute("posts_app", NO_LEASE)
        slow.wake()
        other.wake()
        await started[1].wait()
        end[0].set()
        await until(lambda: slow.outcomes["lost"] + other.outcomes["lost"] == 1)
        (row,) = await rows(databases)
        assert (row["attempts"], row["dead_at"], row["leased_until"] is None) == (2, None, False)
        end[1].set()
        await until(lambda: slow.outcomes["done"] + other.outcomes["done"] == 1)


async def test_job_that_ends_while_the_database_is_away_is_written_down_when_it_is_back(
    databases: Databases, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    started, end = asyncio.Event(), asyncio.Event()
    jobs: list[Job] = []

    async def handler(job: Job) -> None:
        jobs.append(job)
        started.set()
        await end.wait()

    async with working(databases, kind_of(handler)) as worker:
        await enqueue(database)
        await started.wait()
        await asyncio.to_thread(databases.server.psql, "postgres", "ALTER ROLE posts_app NOLOGIN")
        await databases.end_connections("posts_app")
        end.set()
        await until(lambda: "cannot write down how a job ended" in caplog.text)
        await asyncio.to_thread(databases.server.psql, "postgres", "ALTER ROLE posts_app LOGIN")
        await until(lambda: worker.outcomes["done"] == 1)
        started.clear()
        await enqueue(database)
        await until(lambda: worker.outcomes["done"] == 2)
    assert len(jobs) == 2


async def test_dead_job_runs_again_from_its_first_attempt(databases: Databases, database: Database) -> None:
    handler, records = Attempts(JobRefused("no")), JobRecords(database, JOBS)
    async with working(databases, kind_of(handler)) as worker:
        job_id = await enqueue(database)
        await until_dead(databases)
        await databases.execute("posts_app", f"UPDATE {JOBS.table} SET losses = 4")  # noqa: S608
        await records.retry(job_id)
        await until(lambda: worker.outcomes["done"] == 1)
    assert [(job.attempt, job.losses) for job in handler.jobs] == [(1, 0), (1, 0)]
    with pytest.raises(NoDeadJob):
        await records.retry(job_id)


async def test_job_that_waits_is_no_dead_job_and_one_whose_key_waits_stays_dead(
    databases: Databases, database: Database
) -> None:
    records = JobRecords(database, JOBS)
    dead = await enqueue(database, key="one")
    await databases.execute("posts_app", f"UPDATE {JOBS.table} SET dead_at = now()")  # noqa: S608
    waiting = await enqueue(database, key="one")
    rows = (await JobList(database, JOBS).page(None, None, None, 9)).rows
    assert [(row["id"], row["state"]) for row in rows] == [(waiting, "waiting"), (dead, "dead")]
    with pytest.raises(KeyTaken):
        await records.retry(dead)
    with pytest.raises(NoDeadJob):
        await records.retry(waiting)
    assert await records.dead_ids() == [dead]


async def test_failed_job_whose_key_waits_again_is_replaced_by_it(databases: Databases, database: Database) -> None:
    started, end = asyncio.Event(), asyncio.Event()

    async def handler(job: Job) -> None:
        started.set()
        await end.wait()
        if job.payload == {"number": 1}:
            raise ValueError

    async with working(databases, kind_of(handler), at_once=1) as worker:
        await enqueue(database, key="one", payload={"number": 1})
        await started.wait()
        await enqueue(database, key="one", payload={"number": 2})
        end.set()
        await until(lambda: worker.outcomes["done"] == 1)
    assert await rows(databases) == []


async def test_dead_jobs_are_deleted_by_their_age(databases: Databases, database: Database) -> None:
    await enqueue(database)
    await databases.execute("posts_app", f"UPDATE {JOBS.table} SET dead_at = now()")  # noqa: S608
    (row,) = await rows(databases)
    for before, count in ((row["dead_at"], 0), (row["dead_at"] + timedelta(seconds=1), 1)):
        async with database.begin() as db:
            assert await delete_dead(db, JOBS.table, before) == count
