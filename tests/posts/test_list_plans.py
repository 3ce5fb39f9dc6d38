"""How PostgreSQL runs the lists: one walk along an index, however many posts there are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from posts_service.comments.reading_statements import THREADS
from posts_service.live.repository import CHANGES, VIEWS
from posts_service.posts import reading_statements
from posts_service.posts.models import State
from posts_service.posts.post_query import Sort
from posts_service.posts.reading_statements import BEGIN
from posts_service.tags.reading_statements import LIST as TAG_LIST
from tests.support.databases import Databases
from tests.support.plans import plan_of, scans

ListKey = tuple[State, Sort, tuple[str, ...]]

AUTHOR = UUID(int=1)
TAG = "engines"
AUTHORS = """
    INSERT INTO posts.authors (id, username, named_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'author ' || n, now() FROM generate_series(1, 30) n
"""
# Of a hundred and twenty posts of each author, one is unpublished.
POSTS = """
    INSERT INTO posts.posts (author_id, title, body, state, version, created_at, updated_at, published_at, likes)
    SELECT lpad(to_hex(1 + n % 30), 32, '0')::uuid, 'A title', 'A body',
           CASE WHEN n / 30 % 120 = 0 THEN 'unpublished' WHEN n / 30 % 2 = 0 THEN 'draft' ELSE 'published' END, 1,
           now() - n * interval '1 s', now(), CASE WHEN n / 30 % 2 > 0 THEN now() - n * interval '1 s' END, n % 100
    FROM generate_series(1, 12000) n
"""
COMMENTS = """
    INSERT INTO posts.comments (id, post_id, thread_id, depth, renderer, version, created_at, updated_at)
    SELECT id, post_id, id, 0, 1, 1, now(), now() FROM (
        SELECT gen_random_uuid() AS id, (SELECT id FROM posts.posts ORDER BY id OFFSET n % 3 LIMIT 1) AS post_id
        FROM generate_series(1, 3000) n
    ) rows
"""
TAGS = """
    INSERT INTO posts.post_tags (post_id, tag, published_at)
    SELECT id, tag, published_at FROM posts.posts, unnest(ARRAY['engines', 'notes']) tag WHERE state = 'published'
"""
COUNTED_TAGS = "INSERT INTO posts.tags SELECT 'tag' || n, n % 50 FROM generate_series(1, 3000) n"
LIKES = "INSERT INTO posts.likes SELECT posts.id, authors.id, now() FROM posts.posts, posts.authors WHERE likes > 90"
TABLES = ("authors", "posts", "post_tags", "likes")
LISTS = {
    (State.PUBLISHED, Sort.NEWEST, ()): "posts_feed_idx",
    (State.PUBLISHED, Sort.NEWEST, ("author_id",)): "posts_by_author_idx",
    (State.PUBLISHED, Sort.NEWEST, ("tag",)): "post_tags_by_tag_idx",
    (State.PUBLISHED, Sort.OLDEST, ()): "posts_feed_idx",
    (State.PUBLISHED, Sort.OLDEST, ("author_id",)): "posts_by_author_idx",
    (State.PUBLISHED, Sort.OLDEST, ("tag",)): "post_tags_by_tag_idx",
    (State.PUBLISHED, Sort.MOST_LIKED, ()): "posts_most_liked_idx",
    (State.DRAFT, Sort.NEWEST, ("author_id",)): "posts_drafts_idx",
    (State.UNPUBLISHED, Sort.NEWEST, ()): "posts_unpublished_idx",
    (State.UNPUBLISHED, Sort.NEWEST, ("author_id",)): "posts_unpublished_idx",
}
NAMES = [" ".join((state, sort, *filters)) for state, sort, filters in LISTS]
FILTERS = {"author_id": AUTHOR, "tag": TAG}


@pytest.fixture(scope="module")
async def connection(databases: Databases) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The service's own role, over twelve thousand posts of thirty authors, half of them published."""
    await databases.empty("posts")
    for sql in (AUTHORS, POSTS, TAGS, LIKES, *(f"ANALYZE posts.{table}" for table in TABLES)):
        await databases.execute("posts_owner", sql)
    connected = await asyncpg.connect(databases.url("posts_app"))
    yield connected
    await connected.close()


def test_every_list_is_known_here() -> None:
    assert LISTS.keys() == reading_statements.LISTS.keys()


@pytest.mark.parametrize(("key", "index"), LISTS.items(), ids=NAMES)
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("is_first", [True, False], ids=["first page", "later page"])
async def test_a_list_walks_along_its_index_and_sorts_nothing(
    connection: "asyncpg.Connection[asyncpg.Record]", key: ListKey, index: str, mode: str, is_first: bool
) -> None:
    _, sort, filters = key
    later = 50 if sort is Sort.MOST_LIKED else datetime.now(UTC) - timedelta(hours=1)
    position, post_id = BEGIN[sort] if is_first else (later, UUID(int=7))
    values = {"position": position, "post_id": post_id, "limit": 21, "reader_id": AUTHOR}
    own = {name: FILTERS[name] for name in filters}
    plan = await plan_of(connection, reading_statements.LISTS[key], {**values, **own}, mode)
    assert not [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    walked, by_id = ("post_tags", [("Index Scan", "posts_pkey")]) if "tag" in filters else ("posts", [])
    assert [used for _, used in scans(plan, walked)] == [index]
    assert scans(plan, "posts") == (by_id or scans(plan, walked))
    assert scans(plan, "likes") == [("Index Only Scan", "likes_pkey")]


@pytest.mark.parametrize(("key", "index"), LISTS.items(), ids=NAMES)
async def test_lists_that_are_read_together_walk_along_the_same_index(
    connection: "asyncpg.Connection[asyncpg.Record]", key: ListKey, index: str
) -> None:
    _, sort, filters = key
    values = {name: [value] for name, value in zip(("position", "post_id"), BEGIN[sort], strict=True)}
    own = {name: [FILTERS[name]] for name in filters}
    read = reading_statements.LISTS[key].together
    plan = await plan_of(connection, read, {**values, "limit": [21], "reader_id": [AUTHOR], **own})
    assert not [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    assert [used for _, used in scans(plan, "post_tags" if "tag" in filters else "posts")] == [index]


async def test_changes_are_a_walk_along_each_of_their_indexes(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    plan = await plan_of(connection, CHANGES, {"since": datetime.now(UTC), "limit": 500})
    assert not [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    assert {index for _, index in scans(plan, "posts")} == {"posts_activity_idx", "posts_changed_idx"}


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


async def test_tags_are_one_walk_along_their_index(
    databases: Databases, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    for sql in (COUNTED_TAGS, "ANALYZE posts.tags"):
        await databases.execute("posts_owner", sql)
    plan = await plan_of(connection, TAG_LIST, {"place": -7, "name": "tag1", "limit": 21})
    assert not [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    assert [used for _, used in scans(plan, "tags")] == ["tags_by_posts_idx"]
