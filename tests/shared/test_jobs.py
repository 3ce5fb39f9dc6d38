"""A job is written in the transaction of a change, and done after its commit."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.shared.job_table import JOBS, Attempts, enqueue, job_table, kind_of, rows, working
from tests.support.databases import Databases
from tests.support.waiting import until
from tests.wheel.readme import program
from watchword.database import Database
from watchword.jobs import JobKind, JobRecords, PayloadRefused
from watchword.jobs.enqueueing import MAX_PAYLOAD_BYTES

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with job_table(databases) as database:
        yield database


async def until_empty(databases: Databases) -> None:
    async def is_empty() -> bool:
        return await rows(databases) == []

    await until(is_empty)


async def test_job_is_done_after_the_commit_and_its_row_is_deleted(databases: Databases, database: Database) -> None:
    handler = Attempts()
    async with working(databases, kind_of(handler)) as worker:
        job_id = await enqueue(database, payload={"to": "ada"})
        await until_empty(databases)
        assert worker.outcomes["done"] == 1
    (job,) = handler.jobs
    assert (job.id, job.kind, job.payload, job.attempt) == (job_id, "note", {"to": "ada"}, 1)


async def test_job_is_enqueued_by_a_transaction_of_prepared_statements(
    databases: Databases, database: Database
) -> None:
    async with database.writes.begin() as db:
        job_id = await JOBS.enqueue(db, "note", {"to": "ada"}, key="one", run_at=LATER)
    (row,) = await rows(databases)
    assert (row["id"], row["key"], row["run_at"]) == (job_id, "one", LATER)


async def test_change_that_is_rolled_back_leaves_no_job(databases: Databases, database: Database) -> None:
    with suppress(ZeroDivisionError):
        async with database.begin() as db:
            await JOBS.enqueue(db, "note", {})
            raise ZeroDivisionError
    assert await rows(databases) == []


async def test_second_job_of_a_key_is_the_one_that_waits_at_the_earlier_time(
    databases: Databases, database: Database
) -> None:
    first = await enqueue(database, key="one", payload={"number": 1}, run_at=LATER)
    later = await enqueue(database, key="one", run_at=LATER + timedelta(days=1))
    earlier = await enqueue(database, key="one", run_at=LATER - timedelta(hours=1))
    other = await enqueue(database, key="two", run_at=LATER)
    assert (later, earlier) == (first, first) != (other, other)
    row, _ = await rows(databases)
    assert (row["run_at"], row["payload"]) == (LATER - timedelta(hours=1), '{"number": 1}')


async def test_job_of_a_key_enqueued_while_one_runs_is_done_after_it(databases: Databases, database: Database) -> None:
    """The one that runs may have read what was true before the change that enqueues the other."""
    started, end = asyncio.Event(), asyncio.Event()
    payloads: list[Any] = []

    async def handler(job: Any) -> None:
        payloads.append(job.payload)
        started.set()
        await end.wait()

    async with working(databases, kind_of(handler), at_once=1):
        await enqueue(database, key="one", payload={"number": 1})
        await started.wait()
        await enqueue(database, key="one", payload={"number": 2})
        end.set()
        await until_empty(databases)
    assert payloads == [{"number": 1}, {"number": 2}]


async def test_job_waits_for_its_time(databases: Databases, database: Database) -> None:
    handler = Attempts()
    async with working(databases, kind_of(handler)) as worker:
        later = await enqueue(database, run_at=LATER)
        now = await enqueue(database)
        # Not for the handler: a worker that stops gives back what it has not written down.
        await until(lambda: worker.outcomes["done"] == 1)
    assert [job.id for job in handler.jobs] == [now]
    assert [row["id"] for row in await rows(databases)] == [later]


async def test_two_workers_never_do_one_job_at_once(databases: Databases, database: Database) -> None:
    first, second = Attempts(), Attempts()
    for _ in range(20):
        await enqueue(database)
    async with working(databases, kind_of(first), at_once=2), working(databases, kind_of(second), at_once=2):
        await until_empty(databases)
    jobs = [job.id for job in first.jobs + second.jobs]
    assert len(jobs) == len(set(jobs)) == 20


async def test_no_more_jobs_run_at_once_than_allowed(databases: Databases, database: Database) -> None:
    running: set[Any] = set()
    most = 0

    async def handler(job: Any) -> None:
        nonlocal most
        running.add(job.id)
        most = max(most, len(running))
        await asyncio.sleep(0.01)
        running.remove(job.id)

    for _ in range(9):
        await enqueue(database)
    async with working(databases, kind_of(handler), at_once=3):
        await until_empty(databases)
    assert most == 3


@pytest.mark.parametrize("payload", [{"text": "x" * 10_000_000}, {"number": float("nan")}, {"value": object()}])
async def test_payload_that_is_large_or_no_json_is_refused(
    databases: Databases, database: Database, payload: dict[str, Any]
) -> None:
    with pytest.raises(PayloadRefused, match="payload of a job of the kind note") as refused:
        await enqueue(database, payload=payload)
    assert len(str(refused.value)) < 300
    assert await rows(databases) == []
    await enqueue(database, payload={"text": "x" * (MAX_PAYLOAD_BYTES - 12)})


async def test_kind_that_the_worker_does_not_know_waits(databases: Databases, database: Database) -> None:
    """It is of a release that is being rolled out."""
    async with working(databases, kind_of(Attempts())) as worker:
        unknown = await enqueue(database, "of the next release")
        await enqueue(database)
        await until(lambda: worker.outcomes["done"] == 1)
    assert [(row["id"], row["attempts"]) for row in await rows(databases)] == [(unknown, 0)]


async def test_periodic_job_is_there_once_whatever_the_number_of_processes(
    databases: Databases, database: Database
) -> None:
    handler = Attempts(ValueError("once"))
    hourly = {"note": JobKind(handler, most_attempts=1, every=timedelta(hours=1))}
    async with working(databases, hourly), working(databases, hourly) as worker:

        async def count_alive() -> list[bool]:
            return [row["run_at"] > datetime.now(UTC) for row in await rows(databases) if row["dead_at"] is None]

        async def waits() -> bool:
            return await count_alive() == [True]

        for runs in (1, 2):
            await until(waits)
            await databases.execute("posts_app", f"UPDATE {JOBS.table} SET run_at = now() WHERE dead_at IS NULL")  # noqa: S608
            worker.wake()
            await until(lambda runs=runs: len(handler.jobs) == runs)  # type: ignore[misc]
        await until(waits)
    # The first has failed as often as it may, and was followed by another all the same.
    assert [row["last_error"] for row in await rows(databases) if row["dead_at"]] == ["ValueError: once"]


async def test_notification_wakes_a_worker_that_would_not_look_for_long(
    databases: Databases, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.jobs.worker.POLL_SECONDS", 3_600.0)
    handler = Attempts()
    async with working(databases, kind_of(handler)):
        for number in range(1, 4):
            await enqueue(database)
            await until(lambda number=number: len(handler.jobs) == number)  # type: ignore[misc]


async def test_jobs_are_counted_by_kind(databases: Databases, database: Database) -> None:
    await enqueue(database, run_at=datetime.now(UTC) - timedelta(hours=1))
    await enqueue(database, "other", run_at=LATER)
    counts = await JobRecords(database, JOBS).counts()
    assert (counts["note"].waiting, counts["note"].dead, counts["note"].oldest_due_seconds >= 3_600) == (1, 0, True)
    assert counts["other"] == (1, 0, 0.0)


async def test_the_program_of_the_readme_does_a_job(databases: Databases) -> None:
    """In the schema of posts, whose table of jobs is the same."""
    source = program("Do work after the commit").replace("postgresql://localhost/notes", databases.url("posts_owner"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", source.replace('"notes"', '"posts"'), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert (process.returncode, output) == (0, b"a letter to ada@example.com\n")
