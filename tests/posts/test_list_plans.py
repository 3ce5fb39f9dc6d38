"""How PostgreSQL runs the lists: one walk along an index, however many posts there are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from posts_service.comments.reading_statements import THREADS
from posts_service.live.repository import CHANGES, VIEWS
from posts_service.posts.reading_statements import BY_AUTHOR, DRAFTS, FEED, TOP
from tests.support.databases import Databases
from tests.support.plans import plan_of, scans
from watchword.database import JointRead, Statement

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
COMMENTS = """
    INSERT INTO posts.comments (id, post_id, thread_id, depth, renderer, version, created_at, updated_at)
    SELECT id, post_id, id, 0, 1, 1, now(), now() FROM (
        SELECT gen_random_uuid() AS id, (SELECT id FROM posts.posts ORDER BY id OFFSET n % 3 LIMIT 1) AS post_id
        FROM generate_series(1, 3000) n
    ) rows
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


@pytest.mark.parametrize(("statement", "index"), LISTS, ids=["feed", "by author", "drafts"])
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("age", [timedelta(0), timedelta(hours=1)], ids=["first page", "later page"])
async def test_a_list_walks_along_its_index_and_sorts_nothing(
    connection: "asyncpg.Connection[asyncpg.Record]", statement: Statement, index: str, mode: str, age: timedelta
) -> None:
    at = datetime.now(UTC) - age
    own = {} if statement is FEED else {"author_id": AUTHOR}
    plan = await plan_of(connection, statement, {"at": at, "post_id": TOP.post_id, "limit": 21, **own}, mode)
    assert not [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    assert scans(plan, "posts") == [("Index Scan", index)]


@pytest.mark.parametrize(("read", "index"), LISTS, ids=["feed", "by author", "drafts"])
async def test_lists_that_are_read_together_walk_along_the_same_index(
    connection: "asyncpg.Connection[asyncpg.Record]", read: JointRead, index: str
) -> None:
    own = {} if read is FEED else {"author_id": [AUTHOR]}
    values = {"at": [datetime.now(UTC)], "post_id": [TOP.post_id], "limit": [21], **own}
    plan = await plan_of(connection, read.together, values)
    assert not [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    assert scans(plan, "posts") == [("Index Scan", index)]


async def test_changes_are_one_walk_along_their_index(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    plan = await plan_of(connection, CHANGES, {"since": datetime.now(UTC), "limit": 500})
    assert not [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    assert scans(plan, "posts") == [("Index Scan", "posts_changed_idx")]


async def test_posts_that_have_changed_are_read_by_their_ids(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    plan = await plan_of(connection, VIEWS, {"post_ids": [AUTHOR]})
    assert scans(plan, "posts") in ([("Index Scan", "posts_pkey")], [("Bitmap Heap Scan", None)])


async def test_comments_are_one_walk_along_their_index(
    databases: Databases, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    for sql in (COMMENTS, "ANALYZE posts.comments"):
        await databases.execute("posts_owner", sql)
    values = {"post_id": AUTHOR, "thread_id": AUTHOR, "depth": 0, "comment_id": AUTHOR, "limit": 21}
    plan = await plan_of(connection, THREADS, values)
    assert not [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    assert scans(plan, "comments") == [("Index Scan", "comments_threads_idx")]
