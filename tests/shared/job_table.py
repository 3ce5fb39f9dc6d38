"""A table of jobs in the schema of posts, and workers over it, each with connections of its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import MetaData

from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database import Database, Listener, create_tables
from watchword.jobs import Handler, Job, JobKind, Jobs, JobWorker, jobs_table
from watchword.tasks import cancel_and_wait

CHANNEL = "posts_jobs_test"
TABLE = jobs_table(MetaData(schema="posts"), "test_jobs")
JOBS = Jobs(TABLE, CHANNEL)
NO_LEASE = f"UPDATE {TABLE} SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL"  # noqa: S608
NO_PAUSE = f"UPDATE {TABLE} SET run_at = now() WHERE leased_until IS NULL"  # noqa: S608


@asynccontextmanager
async def job_table(databases: Databases) -> AsyncIterator[Database]:
    """The table, empty, for as long as the block lasts; and a database of the app role."""
    owner, database = Database(databases.url("posts_owner"), size=1), Database(databases.url("posts_app"), size=2)
    await create_tables(owner, TABLE.metadata)
    await owner.close()
    try:
        yield database
    finally:
        await database.close()
        await databases.execute("posts_owner", f"DROP TABLE {TABLE}")


@asynccontextmanager
async def working(databases: Databases, kinds: Mapping[str, JobKind], **options: Any) -> AsyncIterator[JobWorker]:
    """A worker that is notified, as one of a service is."""
    database = Database(databases.url("posts_app"), size=4)
    worker = JobWorker(database, JOBS, kinds, **options)

    async def catch_up() -> None:
        worker.wake()

    listener = Listener(database.dsn, CHANNEL, lambda _: worker.wake(), catch_up)
    tasks = [asyncio.create_task(work()) for work in (worker.run, listener.run)]
    try:
        yield worker
    finally:
        await cancel_and_wait(tasks)
        await database.close()


async def enqueue(database: Database, kind: str = "note", payload: Any = None, **options: Any) -> UUID:
    """Enqueue a job in a transaction of its own."""
    async with database.begin() as db:
        return await JOBS.enqueue(db, kind, payload or {}, **options)


async def until_dead(databases: Databases) -> Record:
    """The first job, when it is a dead job."""

    async def is_dead() -> bool:
        return (await rows(databases))[0]["dead_at"] is not None

    await until(is_dead)
    return (await rows(databases))[0]


async def rows(databases: Databases) -> list[Record]:
    """All jobs, the oldest first."""
    return await databases.fetch("posts_app", f"SELECT * FROM {TABLE} ORDER BY id")  # noqa: S608


class Attempts:
    """A handler that notes each attempt, and does in each what the next of `errors` says, or succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.jobs: list[Job] = []
        self._errors = list(errors)

    async def __call__(self, job: Job) -> None:
        self.jobs.append(job)
        if self._errors:
            raise self._errors.pop(0)


def kind_of(handler: Handler, **options: Any) -> dict[str, JobKind]:
    """The kind "note", done by this handler."""
    return {"note": JobKind(handler, **options)}
