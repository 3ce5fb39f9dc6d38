"""How PostgreSQL finds the jobs to do: along an index by kind, past none of a hundred thousand of another kind."""

from collections.abc import AsyncIterator

import pytest

from tests.shared.job_table import TABLE, job_table
from tests.support.databases import Databases, connected
from tests.support.plans import plan_of, scans
from watchword.database import Statement
from watchword.jobs.claims import Claims, due_jobs

# Due before the one of the other kind: whoever looks in the order of time sees them first.
BACKLOG = f"""
    INSERT INTO {TABLE} (kind, payload, run_at)
    SELECT CASE n WHEN 12000 THEN 'note' ELSE 'logout' END, '{{}}', now() - interval '1 hour' + n * interval '1 ms'
    FROM generate_series(1, 12000) n
"""  # noqa: S608


@pytest.fixture(params=["fresh", "of the empty table"])
async def backlog(databases: Databases, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of the app role, with twelve thousand jobs of one kind; the statistics are as the parameter says."""
    async with job_table(databases):
        order = [BACKLOG, f"VACUUM ANALYZE {TABLE}"]
        for statement in order if request.param == "fresh" else reversed(order):
            await databases.execute("posts_owner", statement)
        yield databases.url("posts_app")


async def test_other_jobs_are_found_past_a_backlog_of_one_kind(backlog: str) -> None:
    kinds = ["note", "cleanup"]
    async with connected(backlog) as connection:
        look = await plan_of(connection, Claims(TABLE, {}).seconds_until_due, {"kinds": kinds})
        claim = await plan_of(connection, Statement(due_jobs(TABLE, kinds, 8)), {})
    assert [index for _, index in scans(look, "test_jobs")] == ["test_jobs_due_idx", "test_jobs_leased_idx"]
    assert scans(claim, "test_jobs") == [("Index Scan", "test_jobs_due_idx")]
