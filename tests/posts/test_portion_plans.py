"""How PostgreSQL reads what is read in portions: each is a walk along an index, however much there is."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from posts_service.comments.derivation_statements import OUTDATED
from posts_service.export import statements
from posts_service.tags.repository import CORRECT, NAMES
from tests.support.databases import Databases
from tests.support.plans import plan_of, scans
from watchword.database import Statement

PERSON = UUID(int=1)
# A tenth of everything is the person's.
AUTHORS = """
    INSERT INTO posts.authors (id, username, named_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'author ' || n, now() FROM generate_series(1, 20) n
"""
POSTS = """
    INSERT INTO posts.posts (author_id, title, body, state, version, created_at, updated_at)
    SELECT lpad(to_hex(CASE WHEN n % 10 = 0 THEN 1 ELSE 2 + n % 19 END), 32, '0')::uuid, 'A title', 'A body', 'draft',
           3, now(), now() FROM generate_series(1, 8000) n
"""
COMMENTS = """
    INSERT INTO posts.comments (id, post_id, thread_id, depth, author_id, body, renderer, version, created_at,
        updated_at)
    SELECT gen_random_uuid(), id, id, 0, author_id, 'A comment', 1, 1, now(), now() FROM posts.posts
"""
LIKES = "INSERT INTO posts.likes SELECT id, author_id FROM posts.posts"
REPORTS = """
    INSERT INTO posts.reports (post_id, reporter_id, reason, state, created_at)
    SELECT id, author_id, 'A reason', 'resolved', now() FROM posts.posts
"""
VERSIONS = """
    INSERT INTO posts.post_versions (post_id, version, title, body, tags, state, written_at)
    SELECT id, n, 'A title', 'A body', '{}', 'draft', now() FROM posts.posts, generate_series(1, 2) n
"""
TAGS = "INSERT INTO posts.post_tags SELECT id, 'tag' || right(id::text, 2), now() FROM posts.posts"
COUNTED_TAGS = "INSERT INTO posts.tags SELECT tag, count(*) FROM posts.post_tags GROUP BY tag"
ROWS = AUTHORS, POSTS, COMMENTS, LIKES, REPORTS, VERSIONS, TAGS, COUNTED_TAGS
TABLES = "posts", "comments", "likes", "reports", "post_versions", "post_tags", "tags"

OF_PERSON: dict[str, Any] = {"person_id": PERSON, "after_id": UUID(int=7), "limit": 50}
OF_POSTS: dict[str, Any] = {"post_ids": [UUID(int=n) for n in range(50)], "after_id": UUID(int=7), "after_version": 1}
WALKS: dict[str, tuple[Statement, dict[str, Any], str]] = {
    "posts": (statements.POSTS, OF_PERSON, "posts_of_author_idx"),
    "comments": (statements.COMMENTS, OF_PERSON, "comments_of_author_idx"),
    "likes": (statements.LIKES, OF_PERSON, "likes_of_person_idx"),
    "reports": (statements.REPORTS, OF_PERSON, "reports_of_reporter_idx"),
    "post_versions": (statements.VERSIONS, {**OF_POSTS, "limit": 50}, "post_versions_pkey"),
    "tags": (NAMES, {"after": "tag1", "limit": 50, "most_rows": 1000}, "tags_pkey"),
}


@pytest.fixture(scope="module")
async def connection(databases: Databases) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The service's own role, over a person with thousands of everything, and nineteen others."""
    await databases.empty("posts")
    for sql in (*ROWS, *(f"ANALYZE posts.{table}" for table in TABLES)):
        await databases.execute("posts_owner", sql)
    connected = await asyncpg.connect(databases.url("posts_app"))
    yield connected
    await connected.close()


@pytest.mark.parametrize(("table", "walk"), WALKS.items(), ids=WALKS.keys())
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_a_portion_walks_along_its_index_and_sorts_nothing(
    connection: "asyncpg.Connection[asyncpg.Record]",
    table: str,
    walk: tuple[Statement, dict[str, Any], str],
    mode: str,
) -> None:
    statement, values, index = walk
    plan = await plan_of(connection, statement, values, mode)
    assert not [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    assert [used for _, used in scans(plan, table)] == [index]


async def test_comments_of_an_older_renderer_are_found_by_their_index(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    plan = await plan_of(connection, OUTDATED, {"renderer": 1, "limit": 50})
    assert scans(plan, "comments") == [("Index Scan", "comments_renderer_idx")]


async def test_the_rows_of_a_tag_are_counted_along_their_index(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    plan = await plan_of(connection, CORRECT, {"names": ["tag1", "tag2"]})
    used = [node["Index Name"] for node in plan if "Index Name" in node]
    assert [name for name in used if name.startswith("post_tags")] == ["post_tags_by_tag_idx"]
