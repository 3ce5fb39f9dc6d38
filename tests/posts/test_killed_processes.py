"""A process is killed between two lines of what it does, and what it was to do is done once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.posts.erasing import WAITING
from tests.posts.people import Person
from tests.posts.standing_still import ANSWERING, DRAFT, acting, kill, send
from tests.shared.tables import until_backends
from tests.support import services
from tests.support.databases import Databases, connected
from tests.support.services import Posts
from tests.support.waiting import until
from watchword.testing import Issuer

NO_POST_IS_INSERTED = "LOCK TABLE posts.posts IN SHARE MODE"
NO_TAG_IS_COUNTED = "SELECT FROM posts.tags FOR UPDATE"
NO_JOB_IS_DONE = "SELECT FROM posts.jobs WHERE kind = 'publish_post' FOR UPDATE"
DUE = "UPDATE posts.jobs SET run_at = now() WHERE kind = 'publish_post'"
NO_LEASE = "UPDATE posts.jobs SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL"
JOBS = "SELECT FROM posts.jobs WHERE kind = 'publish_post'"
PUBLISHED = "SELECT FROM posts.posts WHERE state = 'published'"


async def count(databases: Databases, sql: str) -> int:
    return len(await databases.fetch("posts_app", sql))


@asynccontextmanager
async def holding(databases: Databases, sql: str) -> AsyncIterator[None]:
    """The locks of this statement are held until the block ends, for longer than a transaction of a service may be
    idle."""
    async with connected(databases.url("posts_app")) as connection, connection.transaction():
        await connection.execute(sql)
        yield


async def is_there_once(posts: Posts, databases: Databases, ada: Person) -> None:
    """Send the post again, twice, and look what is stored."""
    first, second = await send(posts.http, ada), await send(posts.http, ada)
    assert (first.status_code, first.json()["title"]) == (201, DRAFT["title"])
    assert (second.content, second.headers["location"]) == (first.content, first.headers["location"])
    for rows in ("posts", "idempotency_keys", "slugs", "tags WHERE posts = 1"):
        assert await count(databases, f"SELECT FROM posts.{rows}") == 1, rows


async def test_a_post_whose_process_was_killed_in_its_transaction_is_there_once_when_it_is_sent_again(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    async with holding(databases, NO_POST_IS_INSERTED), acting("publish", databases, ada.id):
        await until_backends(databases, 1, WAITING)
    await is_there_once(posts, databases, ada)


async def test_a_post_whose_process_was_killed_before_it_answered_is_there_once_when_it_is_sent_again(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    async with acting("publish", databases, ada.id) as process:
        assert process.stdout is not None
        assert await process.stdout.readline() == ANSWERING
    assert await count(databases, PUBLISHED) == 1
    await is_there_once(posts, databases, ada)


@pytest.fixture
async def scheduled(databases: Databases, issuer: Issuer, ada: Person, without_issuer: None) -> str:
    """The id of a scheduled post, beside a post with the same tag. It is due, and nobody does jobs."""
    await databases.empty("posts")
    async with services.posts(databases, issuer.verifier()) as posts:
        await posts.publish(ada.headers, tags=["ant"])
        at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        post = await posts.publish(ada.headers, published_at=at, tags=["ant"])
    await databases.execute("posts_app", DUE)
    return str(post["id"])


async def is_published_once(databases: Databases, issuer: Issuer, post_id: str) -> None:
    """Let another process do what is due, and look what is stored."""
    await databases.execute("posts_app", NO_LEASE)
    async with services.posts(databases, issuer.verifier()) as posts:
        await until(lambda: has_no_job(databases))
        post = (await posts.http.get(f"/posts/{post_id}")).json()
    assert (post["state"], post["version"]) == ("published", 2)
    assert await count(databases, "SELECT FROM posts.post_versions") == 1
    assert await count(databases, "SELECT FROM posts.tags WHERE posts = 2") == 1


async def has_no_job(databases: Databases) -> bool:
    return await count(databases, JOBS) == 0


async def test_a_scheduled_post_whose_process_was_killed_in_the_transaction_is_published_once_by_another(
    databases: Databases, issuer: Issuer, scheduled: str
) -> None:
    async with holding(databases, NO_TAG_IS_COUNTED), acting("work", databases):
        await until_backends(databases, 1, WAITING)
    assert await count(databases, PUBLISHED) == 1
    await is_published_once(databases, issuer, scheduled)


async def test_a_scheduled_post_whose_process_was_killed_before_its_job_was_done_is_published_once(
    databases: Databases, issuer: Issuer, scheduled: str
) -> None:
    async with AsyncExitStack() as tag:
        await tag.enter_async_context(holding(databases, NO_TAG_IS_COUNTED))
        async with acting("work", databases) as process:
            await until_backends(databases, 1, WAITING)
            async with holding(databases, NO_JOB_IS_DONE):
                await tag.aclose()
                await until(lambda: is_published(databases))
                await until_backends(databases, 1, WAITING)
                await kill(process)
    await is_published_once(databases, issuer, scheduled)


async def is_published(databases: Databases) -> bool:
    return await count(databases, PUBLISHED) == 2
