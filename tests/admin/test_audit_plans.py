"""How PostgreSQL reads the audit log: along the index of one filter, in the order of ids, whatever is selected."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from identity_service.audit.filters import FIRST, LAST
from identity_service.audit.reading_statements import NEWEST_FIRST, OLDEST_FIRST
from tests.support.databases import Databases, connected
from tests.support.plans import plan_of, scans
from tests.support.services import Identity

# One actor did nearly everything: an index of the ids alone would look as good to PostgreSQL.
ROWS = """
    INSERT INTO identity.audit_entries (actor, action, subject, detail, request_id)
    SELECT CASE WHEN n % 50 = 0 THEN 'eve' ELSE 'ada' END, 'session.ended', 'subject-' || n, '{}', 'request-' || n
    FROM generate_series(1, 20000) n
"""
INDEXES = {
    None: "audit_entries_pkey",
    "actor": "audit_entries_of_actor_idx",
    "subject": "audit_entries_of_subject_idx",
    "action": "audit_entries_of_action_idx",
    "request_id": "audit_entries_of_request_idx",
}
WORDS = {"actor": "eve", "subject": "subject-7", "action": "session.ended", "request_id": "request-7"}


@pytest.fixture
async def connection(identity: Identity, databases: Databases) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    await databases.execute("identity_owner", ROWS)
    await databases.execute("identity_owner", "VACUUM ANALYZE identity.audit_entries")
    async with connected(databases.url("identity_app")) as connection:
        yield connection


@pytest.mark.parametrize("walk", INDEXES, ids=str)
@pytest.mark.parametrize("statements", [NEWEST_FIRST, OLDEST_FIRST], ids=["newest_first", "oldest_first"])
async def test_a_portion_is_a_walk_along_one_index(
    connection: "asyncpg.Connection[asyncpg.Record]", statements: Any, walk: str | None
) -> None:
    values = {**WORDS, "first": FIRST, "end": LAST, "scanned": 1_000, "limit": 21}
    plan = await plan_of(connection, statements[walk], values)
    assert scans(plan, "audit_entries") == [("Index Scan", INDEXES[walk])]
    walked = next(node for node in plan if node.get("Relation Name") == "audit_entries")
    assert ("Index Cond" in walked, "Filter" in walked) == (True, False)
