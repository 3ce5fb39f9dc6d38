"""The jobs of identity: its worker runs, and the command line lists dead jobs and has them run again."""

from argparse import Namespace
from uuid import uuid4

import pytest

from tests.support.databases import Databases
from tests.support.metrics import scrape
from tests.support.services import Identity
from watchword.errors import Invalid, NotFound
from watchword.service import job_commands

DEAD = """
    INSERT INTO identity.jobs (kind, payload, attempts, dead_at, last_error)
    VALUES ('unknown', '{}', 3, now(), 'ValueError: no') RETURNING id
"""

# Many jobs that are due, and what a process of the previous release runs to find some of them.
BACKLOG = """
    INSERT INTO identity.jobs (kind, payload, run_at)
    SELECT 'letter', '{}', now() - interval '1 hour' + n * interval '1 ms' FROM generate_series(1, 12000) n
"""
LOOK_OF_PREVIOUS_RELEASE = """
    SELECT * FROM identity.jobs
    WHERE kind IN ('cleanup', 'letter', 'logout') AND leased_until IS NULL AND dead_at IS NULL
        AND run_at <= statement_timestamp()
    ORDER BY run_at LIMIT 8 FOR UPDATE SKIP LOCKED
"""


async def dead_job(databases: Databases) -> str:
    return str((await databases.fetch("identity_app", DEAD))[0]["id"])


async def test_dead_jobs_are_listed_first_and_run_again(identity: Identity, databases: Databases) -> None:
    first, second = await dead_job(databases), await dead_job(databases)
    listed = (await job_commands.list_jobs(identity.parts, Namespace())).splitlines()
    assert [line.split()[0] for line in listed[:2]] == [second, first]
    assert "unknown  dead" in listed[0]
    assert listed[0].endswith("attempts 3  losses 0  ValueError: no")
    answer = await job_commands.retry_job(identity.parts, Namespace(id=first, all=False))
    assert answer == f"{first} runs again."
    answer = await job_commands.retry_job(identity.parts, Namespace(id=None, all=True))
    assert answer == "Jobs that run again: 1."
    rows = await databases.fetch(
        "identity_app", "SELECT dead_at, attempts, losses FROM identity.jobs WHERE kind = 'unknown'"
    )
    assert [tuple(row) for row in rows] == [(None, 0, 0), (None, 0, 0)]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (Namespace(id=None, all=False), Invalid),
        (Namespace(id=str(uuid4()), all=True), Invalid),
        (Namespace(id="one", all=False), Invalid),
        (Namespace(id=str(uuid4()), all=False), NotFound),
    ],
)
async def test_what_is_no_dead_job_is_refused(identity: Identity, options: Namespace, error: type[Exception]) -> None:
    with pytest.raises(error):
        await job_commands.retry_job(identity.parts, options)


async def test_dead_jobs_are_measured(identity: Identity, databases: Databases) -> None:
    metrics = await scrape(identity.http)
    assert metrics("watchword_jobs_dead", kind="cleanup") == 0
    await dead_job(databases)
    await identity.parts.job_worker.count()
    metrics = await scrape(identity.http)
    assert metrics("watchword_jobs_dead", kind="unknown") == 1


async def test_process_of_the_previous_release_looks_along_an_index(clean_databases: Databases) -> None:
    for statement in (BACKLOG, "ANALYZE identity.jobs"):
        await clean_databases.execute("identity_owner", statement)
    plan = [row[0] for row in await clean_databases.fetch("identity_app", f"EXPLAIN {LOOK_OF_PREVIOUS_RELEASE}")]
    assert any("Index Scan using jobs_waiting_idx" in line for line in plan), plan
    assert not any("Sort" in line for line in plan), plan
