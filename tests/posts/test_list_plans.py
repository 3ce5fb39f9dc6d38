"""How PostgreSQL runs the lists: one walk along an index, however many posts there are."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from posts_service.posts.repository import BY_AUTHOR, DRAFTS, FEED, TOP
from tests.support.databases import Databases
from watchword.database.statements import Statement

AUTHOR = UUID(int=1)
AUTHORS = """
    INSERT INTO posts.authors (id, username, named_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'author ' || n, now() FROM generate_series(1, 30) n
"""
POSTS = """
    INSERT INTO posts.posts (author_id, title, body, state, version, created_at, updated_at, published_at)
    SELECT lpad(to_hex(1 + n % 30), 32, '0')::uuid, 'A title', 'A body',
           CASE WHEN (n / 30) % 2 = 0 THEN 'draft' ELSE 'published' END, 1,
           now() - n * interval '1 s', now(), CASE WHEN (n / 30) % 2 > 0 THEN now() - n * interval '1 s' END
    FROM generate_series(1, 12000) n
"""
LISTS = [(FEED, "posts_feed_idx"), (BY_AUTHOR, "posts_by_author_idx"), (DRAFTS, "posts_drafts_idx")]


@pytest.fixture
async def connection(databases: Databases) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The service's own role, over twelve thousand posts of thirty authors, half of them drafts."""
    await databases.empty("posts")
    for sql in (AUTHORS, POSTS, "ANALYZE posts.authors", "ANALYZE posts.posts"):
        await databases.execute("posts_owner", sql)
    connected = await asyncpg.connect(databases.url("posts_app"))
    yield connected
    await connected.close()


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


@pytest.mark.parametrize(("statement", "index"), LISTS, ids=["feed", "by author", "drafts"])
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("age", [timedelta(0), timedelta(hours=1)], ids=["first page", "later page"])
async def test_a_list_walks_along_its_index_and_sorts_nothing(
    connection: "asyncpg.Connection[asyncpg.Record]", statement: Statement, index: str, mode: str, age: timedelta
) -> None:
    await connection.execute(f"SET plan_cache_mode = {mode}")
    at = datetime.now(UTC) - age
    own = {} if statement is FEED else {"author_id": AUTHOR}
    arguments = statement.arguments({"at": at, "post_id": TOP.post_id, "limit": 21, **own})
    await connection.execute(f"PREPARE list AS {statement.sql}")
    values = ", ".join(f"'{argument}'" for argument in arguments)
    explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE list ({values})")
    plan = nodes(json.loads(explained)[0]["Plan"])
    assert index in [node.get("Index Name") for node in plan]
    assert not [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    assert [node["Node Type"] for node in plan if node.get("Relation Name") == "posts"] == ["Index Scan"]
