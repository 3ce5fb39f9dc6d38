"""A job is written in the transaction of a change, and done after its commit."""

from collections.abc import AsyncIterator

import pytest

from tests.shared.job_table import Attempts, enqueue, job_table, kind_of, rows, working
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database import Database

INSERT = "SELECT pg_notify('nobody', 'nothing')"


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with job_table(databases) as database:
        yield database


async def test_job_is_done_after_the_commit_and_its_row_is_deleted(databases: Databases, database: Database) -> None:
    handler = Attempts()
    async with working(databases, kind_of(handler)):
        job_id = await enqueue(database, payload={"to": "ada"})
        await until(lambda: len(handler.jobs) == 1)

        async def is_deleted() -> bool:
            return await rows(databases) == []

        await until(is_deleted)
    (job,) = handler.jobs
    assert (job.id, job.kind, job.payload, job.attempt) == (job_id, "note", {"to": "ada"}, 1)
