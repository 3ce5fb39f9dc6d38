"""The periodic job that corrects the counts of tags, which processes of the previous release leave too high."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from posts_service.tags.correction import CORRECT_TAGS
from tests.posts.erasing import WAITING
from tests.posts.people import Person
from tests.posts.test_tags import LOCK_TAGS, change, counts
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database
from watchword.jobs import Job

OLD_DELETE = "DELETE FROM posts.posts WHERE id = $1::text::uuid"
NEXT = "SELECT payload->>'after' AS name FROM posts.jobs WHERE kind = $1 AND payload ? 'after'"
COUNTED = "SELECT posts FROM posts.tags WHERE name = 'ant'"
# What a publication does in its transaction.
PUBLISH = (
    "INSERT INTO posts.post_tags SELECT id, 'ant', now() FROM posts.posts WHERE title = 'Late'",
    "UPDATE posts.tags SET posts = posts + 1 WHERE name = 'ant'",
)


async def correct(posts: Posts, **payload: Any) -> None:
    """Do one job of those that follow each other."""
    job = Job(uuid4(), CORRECT_TAGS, CORRECT_TAGS, payload, 1, 0, datetime.now(UTC))
    await posts.parts.tag_correction.run(job)


async def delete_as_before(posts: Posts, databases: Databases, person: Person, *tags: str) -> None:
    """Have the previous release delete a post with these tags."""
    post = await posts.publish(person.headers, tags=list(tags))
    await databases.execute("posts_app", OLD_DELETE, post["id"])


async def test_counts_are_right_again_after_the_previous_release_has_deleted_posts(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    await posts.publish(ada.headers, tags=["ant", "cat"])
    for _ in range(2):
        await delete_as_before(posts, databases, ada, "ant", "bee")
    await correct(posts)
    assert await counts(databases) == {"ant": 1, "cat": 1}
    # No post has it, as the clean-up sees then.
    deleted = await posts.parts.cleanup.delete_expired(posts.parts.clock.now())
    assert deleted.rows["unused_tags"] == 1


@pytest.mark.parametrize("bound", ["PORTION", "MOST_ROWS"])
async def test_a_job_takes_a_portion_and_enqueues_another_until_no_tag_is_left(
    posts: Posts, databases: Databases, ada: Person, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(f"posts_service.tags.correction.{bound}", 1)
    posts.parts.job_worker.stop()
    await delete_as_before(posts, databases, ada, "ant", "bee")
    names: list[str] = []
    for _ in range(2):
        await correct(posts, **({"after": names[-1]} if names else {}))
        [row] = await databases.fetch("posts_app", NEXT, CORRECT_TAGS)
        names.append(row["name"])
        await databases.execute("posts_app", "DELETE FROM posts.jobs WHERE payload ? 'after'")
    await correct(posts, after=names[-1])
    assert (names, await databases.fetch("posts_app", NEXT, CORRECT_TAGS)) == (["ant", "bee"], [])
    assert await counts(databases) == {}


async def test_a_correction_waits_for_no_publication_if_nothing_is_wrong(
    posts: Posts, other: Database, ada: Person
) -> None:
    await posts.publish(ada.headers, tags=["ant"])
    async with other.begin() as db:
        await (await db.connection()).exec_driver_sql(LOCK_TAGS)
        await correct(posts)


async def test_two_corrections_at_once_add_to_what_a_publication_counts_meanwhile(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    await posts.publish(ada.headers, title="Late")
    for _ in range(3):
        await delete_as_before(posts, databases, ada, "ant")
    async with other.begin() as db:
        connection = await db.connection()
        for sql in PUBLISH:
            await connection.exec_driver_sql(sql)
        corrections = [asyncio.create_task(correct(posts)) for _ in range(2)]
        await until_backends(databases, 2, WAITING)
    await asyncio.gather(*corrections)
    assert [tuple(row) for row in await databases.fetch("posts_app", COUNTED)] == [(1,)]


async def test_counts_are_right_after_many_changes_and_corrections_at_once(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    names = [f"tag{n}" for n in range(4)]
    own_posts = [await posts.publish(ada.headers, tags=names) for _ in range(6)]
    for name in names:
        await delete_as_before(posts, databases, ada, name)
    changes = [change(posts, ada, post, tags=names[:n]) for n in range(3) for post in own_posts[:3]]
    created = [posts.publish(ada.headers, tags=names[n % 4 :], title="One") for n in range(20)]
    deleted = [posts.http.delete(f"/posts/{post['id']}", headers=ada.headers) for post in own_posts[3:]]
    await asyncio.gather(*changes, *created, *deleted, *(correct(posts) for _ in range(6)))
    assert (await counts(databases)).keys() == set(names)
