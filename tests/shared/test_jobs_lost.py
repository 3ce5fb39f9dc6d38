"""Jobs whose attempts do not end: those that kill their process, those that ran beside them, and those of a process
that stops."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.shared.job_table import JOBS, NO_LEASE, Attempts, enqueue, job_table, kind_of, rows, until_dead, working
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database import Database
from watchword.jobs import Job, JobKind
from watchword.jobs.claims import LOST

ALL_LOST = f"UPDATE {JOBS.table} SET attempts = 1, leased_until = now() - interval '1 second'"  # noqa: S608


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with job_table(databases) as database:
        yield database


KILLED = """
import asyncio, sys
from tests.shared.job_table import JOBS, kind_of
from watchword.database import Database
from watchword.jobs import JobWorker

async def hang(job):
    print(job.attempt, flush=True)
    await asyncio.Event().wait()

asyncio.run(JobWorker(Database(sys.argv[1]), JOBS, kind_of(hang, most_attempts=350, most_losses=2)).run())
"""


async def kill_a_worker(databases: Databases) -> bytes:
    """Start a process that does jobs, and kill it when it has begun one. Return the number of the attempt."""
    arguments = "-c", KILLED, databases.url("posts_app")
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, cwd=root)
    assert process.stdout is not None
    attempt = await process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    return attempt.strip()


async def test_job_that_kills_its_worker_is_dead_long_before_its_last_attempt(
    databases: Databases, database: Database
) -> None:
    await enqueue(database)
    for attempt in (b"1", b"2"):
        assert await kill_a_worker(databases) == attempt
        await databases.execute("posts_app", NO_LEASE)
    handler = Attempts()
    async with working(databases, kind_of(handler, most_attempts=350, most_losses=2)):
        dead = await until_dead(databases)
    assert (dead["attempts"], dead["losses"], dead["last_error"], handler.jobs) == (2, 2, LOST, [])


async def test_job_whose_last_attempt_was_lost_is_dead(databases: Databases, database: Database) -> None:
    await enqueue(database)
    await databases.execute("posts_app", ALL_LOST)
    async with working(databases, kind_of(Attempts(), most_attempts=1)):
        dead = await until_dead(databases)
    assert (dead["attempts"], dead["losses"]) == (1, 1)


async def test_jobs_that_were_lost_are_done_one_at_a_time_since_one_of_them_may_kill_the_others(
    databases: Databases, database: Database
) -> None:
    begun: list[Job] = []
    end = asyncio.Event()

    async def handler(job: Job) -> None:
        begun.append(job)
        if job.losses:
            await end.wait()

    for _ in range(3):
        await enqueue(database)
    await databases.execute("posts_app", ALL_LOST)
    async with working(databases, kind_of(handler)) as worker:
        await until(lambda: len(begun) == 1)
        await enqueue(database)
        await until(lambda: worker.outcomes["done"] == 1)
        assert [job.losses for job in begun] == [1, 0]
        end.set()
        await until(lambda: worker.outcomes["done"] == 4)
    assert [job.losses for job in begun] == [1, 0, 1, 1]


async def test_job_of_a_worker_that_is_stopped_is_done_by_another_at_once_and_no_loss(
    databases: Databases, database: Database
) -> None:
    started = asyncio.Event()

    async def hang(_: Job) -> None:
        started.set()
        await asyncio.Event().wait()

    await enqueue(database, key="one")
    async with working(databases, kind_of(hang)) as worker:
        await started.wait()
    assert worker.outcomes["interrupted"] == 1
    (row,) = await rows(databases)
    assert (row["losses"], row["leased_until"], row["dead_at"]) == (0, None, None)
    handler = Attempts()
    async with working(databases, kind_of(handler)) as other:
        await until(lambda: other.outcomes["done"] == 1)
    assert [(job.attempt, job.losses) for job in handler.jobs] == [(2, 0)]


async def test_worker_that_is_stopped_while_the_database_is_away_waits_for_it_no_longer_than_a_moment(
    databases: Databases, database: Database
) -> None:
    started = asyncio.Event()

    async def hang(_: Job) -> None:
        started.set()
        await asyncio.Event().wait()

    await enqueue(database)
    try:
        async with working(databases, kind_of(hang)) as worker:
            await started.wait()
            await asyncio.to_thread(databases.server.psql, "postgres", "ALTER ROLE posts_app NOLOGIN")
            await databases.end_connections("posts_app")
    finally:
        await asyncio.to_thread(databases.server.psql, "postgres", "ALTER ROLE posts_app LOGIN")
    (row,) = await rows(databases)
    assert (worker.outcomes["interrupted"], row["attempts"], row["leased_until"] is None) == (0, 1, False)


@pytest.mark.parametrize("most_losses", [0, -1, True])
def test_a_kind_whose_jobs_may_never_be_lost_is_refused(most_losses: int) -> None:
    with pytest.raises((TypeError, ValueError), match="most_losses"):
        JobKind(Attempts(), most_losses=most_losses)


async def test_worker_that_stops_claims_no_more_and_waits_for_what_runs(
    databases: Databases, database: Database
) -> None:
    started, end = asyncio.Event(), asyncio.Event()

    async def handler(_: Job) -> None:
        started.set()
        await end.wait()

    async with working(databases, kind_of(handler)) as worker:
        await enqueue(database)
        await started.wait()
        worker.stop()
        waiting = await enqueue(database)
        finishing = asyncio.create_task(worker.finish(60))
        end.set()
        await finishing
        assert worker.outcomes["done"] == 1
        worker.wake()
    assert [(row["id"], row["attempts"]) for row in await rows(databases)] == [(waiting, 0)]


async def test_time_that_a_worker_has_to_finish_is_counted_from_when_it_was_stopped(
    databases: Databases, database: Database
) -> None:
    started = asyncio.Event()

    async def hang(_: Job) -> None:
        started.set()
        await asyncio.Event().wait()

    async with working(databases, kind_of(hang)) as worker:
        await enqueue(database)
        await started.wait()
        worker.stop()
        first = asyncio.create_task(worker.finish(0.5))
        await asyncio.wait([first], timeout=0.4)
        second = asyncio.create_task(worker.finish(0.5))
        await first
        await asyncio.wait_for(second, 0.3)
