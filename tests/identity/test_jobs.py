"""The jobs of identity: its worker runs, and the command line lists dead jobs and has them run again."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.identity.command_line import environment_of, run
from tests.support.databases import Databases
from tests.support.metrics import scrape
from tests.support.services import Identity

UNKNOWN = str(uuid4())

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


async def test_dead_jobs_are_listed_and_run_again_and_that_is_recorded(clean_databases: Databases) -> None:
    environment = environment_of(clean_databases)
    first, second = await dead_job(clean_databases), await dead_job(clean_databases)
    listed = (await run(environment, "jobs", "list")).output.splitlines()
    assert [line.split()[0] for line in listed] == [second, first]
    assert "unknown  dead" in listed[0]
    assert listed[0].endswith("attempts 3  losses 0  ValueError: no")
    page = json.loads((await run(environment, "jobs", "list", "--json", "--limit", "1")).output)
    assert [(job["id"], job["state"]) for job in page["items"]] == [(second, "dead")]
    rest = await run(environment, "jobs", "list", "--kind", "unknown", "--limit", "1", "--cursor", "of another list")
    assert (rest.status, rest.output) == (1, "")
    assert (await run(environment, "jobs", "retry", first)).output == f"{first} runs again.\n"
    answer = json.loads((await run(environment, "jobs", "retry", "--all", "--json")).output)
    assert answer == {"retried": [second], "refused": {}}
    rows = await clean_databases.fetch("identity_app", "SELECT dead_at, attempts, losses FROM identity.jobs")
    assert [tuple(row) for row in rows] == [(None, 0, 0), (None, 0, 0)]
    audited = "SELECT actor, subject FROM identity.audit_entries WHERE action = 'job.retried' ORDER BY id"
    rows = await clean_databases.fetch("identity_app", audited)
    assert [tuple(row) for row in rows] == [("command line", first), ("command line", second)]


async def test_job_that_stays_dead_is_told_by_the_status(clean_databases: Databases) -> None:
    taken = "INSERT INTO identity.jobs (kind, payload, key, dead_at) VALUES ('unknown', '{}', 'one', $1) RETURNING id"
    await clean_databases.fetch("identity_app", taken, None)
    (stays,) = await clean_databases.fetch("identity_app", taken, datetime.now(UTC))
    runs = await dead_job(clean_databases)
    outcome = await run(environment_of(clean_databases), "jobs", "retry", "--all", "--json")
    refused = {str(stays["id"]): "Another job that does the same is waiting already."}
    assert (outcome.status, json.loads(outcome.output)) == (1, {"retried": [runs], "refused": refused})


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        ([], 2, "name the id of one dead job, or --all\n"),
        ([UNKNOWN, "--all"], 2, "name the id of one dead job, or --all\n"),
        (["one"], 2, "Invalid value for 'ID'"),
        ([UNKNOWN], 1, "There is no dead job with this id; jobs list lists them\n"),
    ],
)
async def test_what_is_no_dead_job_is_refused(
    clean_databases: Databases, arguments: list[str], status: int, error: str
) -> None:
    outcome = await run(environment_of(clean_databases), "jobs", "retry", *arguments)
    assert (outcome.status, outcome.output) == (status, "")
    assert error in outcome.error


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
