"""Scheduled publications: a draft until then, and published by a job at its instant."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from posts_service.posts.revisions import PUBLISH
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts
from tests.support.waiting import until
from watchword.jobs import Job

JOBS = "SELECT id, payload::text FROM posts.jobs WHERE kind = 'publish_post' ORDER BY id"
PUBLISHED_BEFORE = """
    UPDATE posts.posts SET state = 'published', version = version + 1, published_at = now(), updated_at = now()
"""
"""How the previous release publishes: it knows of no scheduled publication."""
DUE = "UPDATE posts.jobs SET run_at = now() WHERE kind = 'publish_post'"


def ahead(**distance: float) -> str:
    return (datetime.now(UTC) + timedelta(**distance)).isoformat().replace("+00:00", "Z")


async def change(posts: Posts, person: Person, post: dict[str, Any], **members: Any) -> dict[str, Any]:
    answer = await posts.http.patch(f"/posts/{post['id']}", json=members, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def read(posts: Posts, person: Person, post: dict[str, Any]) -> dict[str, Any]:
    return dict((await posts.http.get(f"/posts/{post['id']}", headers=person.headers)).json())


async def run_jobs(posts: Posts, databases: Databases) -> int:
    """Do each job of a scheduled publication as if it were due, twice; return how many there are."""
    jobs = [
        Job(UUID(str(row["id"])), PUBLISH, None, json.loads(row["payload"]), 1, 0, datetime.now(UTC))
        for row in await databases.fetch("posts_app", JOBS)
    ]
    for job in [*jobs, *jobs]:
        await posts.parts.scheduled_publications.publish(job)
    return len(jobs)


@pytest.mark.parametrize("state", ["published", "draft"])
async def test_a_scheduled_post_is_its_authors_draft_until_its_job_publishes_it(
    posts: Posts, databases: Databases, ada: Person, state: str
) -> None:
    at = ahead(days=2)
    post = await posts.publish(ada.headers, state=state, published_at=at, tags=["ant"])
    assert (post["state"], post["published_at"]) == ("draft", at)
    assert (await posts.http.get(f"/posts/{post['id']}")).status_code == 404
    await databases.execute("posts_app", DUE)
    await databases.execute("posts_app", "SELECT pg_notify('posts_jobs', 'jobs')")
    await until(lambda: posts.parts.job_worker.outcomes["done"] >= 1)
    published = (await posts.http.get(f"/posts/{post['id']}")).json()
    assert (published["state"], published["published_at"], published["version"]) == ("published", at, 2)
    assert published["updated_at"] >= at
    assert [row["posts"] for row in await databases.fetch("posts_app", "SELECT posts FROM posts.tags")] == [1]


async def test_only_the_job_of_the_present_instant_publishes_and_only_once(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await posts.publish(ada.headers, published_at=ahead(days=1))
    scheduled = await change(posts, ada, post, published_at=ahead(days=3))
    assert await change(posts, ada, post, published_at=scheduled["published_at"], title=post["title"]) == scheduled
    assert await run_jobs(posts, databases) == 2
    published = await read(posts, ada, post)
    assert (published["state"], published["version"]) == ("published", 3)
    assert published["published_at"] == scheduled["published_at"]


@pytest.mark.parametrize(
    ("members", "state"), [({"published_at": None}, "draft"), ({"state": "published"}, "published")]
)
async def test_a_scheduled_publication_that_is_cancelled_publishes_nothing(
    posts: Posts, databases: Databases, ada: Person, members: dict[str, Any], state: str
) -> None:
    post = await posts.publish(ada.headers, published_at=ahead(days=1))
    changed = await change(posts, ada, post, **members)
    assert changed["state"] == state
    assert (changed["published_at"] is None) == (state == "draft")
    assert await run_jobs(posts, databases) == 1
    assert await read(posts, ada, post) == changed


async def test_the_job_of_a_deleted_post_does_nothing(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers, published_at=ahead(days=1))
    await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)
    assert await run_jobs(posts, databases) == 1


async def test_a_scheduled_post_that_is_edited_is_published_with_its_last_text(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await posts.publish(ada.headers, published_at=ahead(days=1))
    edits = [change(posts, ada, post, title=f"Title {n}") for n in range(10)]
    await asyncio.gather(*edits, run_jobs(posts, databases))
    published = await read(posts, ada, post)
    assert (published["state"], published["version"]) == ("published", 12)


REFUSED = [
    "2020-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "2027-01-01",
    1,
    "1",
    "",
    True,
]


@pytest.mark.parametrize("at", REFUSED, ids=range(len(REFUSED)))
async def test_an_instant_that_is_not_ahead_is_refused(posts: Posts, ada: Person, at: Any) -> None:
    draft = await posts.publish(ada.headers, state="draft")
    body = {"title": "A title", "body": "", "published_at": at}
    answers = [
        await posts.http.post("/posts", json=body, headers=ada.headers),
        await posts.http.patch(f"/posts/{draft['id']}", json={"published_at": at}, headers=ada.headers),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/published_at"]


async def test_only_an_author_schedules_and_only_what_was_never_public(
    posts: Posts, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    url = f"/posts/{post['id']}"
    later = {"published_at": ahead(days=1)}
    assert (await posts.http.patch(url, json=later, headers=moderator.headers)).status_code == 403
    for members in (later, {"published_at": None}, {**later, "state": "draft"}):
        refused = await posts.http.patch(url, json=members, headers=ada.headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "already_published")
    draft = await posts.publish(ada.headers, **later)
    both = {"state": "published", "published_at": None}
    assert (await posts.http.patch(f"/posts/{draft['id']}", json=both, headers=ada.headers)).status_code == 422
    same = {"published_at": post["published_at"], "title": "Another"}
    assert (await change(posts, ada, post, **same))["published_at"] == post["published_at"]


async def test_what_the_previous_release_has_published_is_scheduled_no_more(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await posts.publish(ada.headers, published_at=ahead(days=1))
    await databases.execute("posts_app", PUBLISHED_BEFORE)
    [row] = await databases.fetch("posts_app", "SELECT published_at FROM posts.posts")
    published = await read(posts, ada, post)
    assert datetime.fromisoformat(published["published_at"]) == row["published_at"]
    assert await run_jobs(posts, databases) == 1
    assert await read(posts, ada, post) == published
    edited = await change(posts, ada, post, title="Another")
    assert (edited["state"], edited["published_at"]) == ("published", published["published_at"])
