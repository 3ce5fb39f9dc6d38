"""Likes given, taken back, and deleted with their post or their person, all at once: the count is that of the rows."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from tests.posts.erasing import WAITING, erase_in, erasing
from tests.posts.people import Person
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database
from watchword.testing import Issuer

COUNTS = """SELECT likes, (SELECT count(*) FROM posts.likes WHERE post_id = posts.id) AS number FROM posts.posts"""
DELETE = "DELETE FROM posts.posts"


def crowd(issuer: Issuer, number: int) -> list[Person]:
    return [Person(issuer, f"reader-{index}") for index in range(number)]


def ask(posts: Posts, method: str, post_id: str, person: Person) -> Coroutine[Any, Any, httpx.Response]:
    return posts.http.request(method, f"/posts/{post_id}/like", headers=person.headers)


async def statuses(*requests: Coroutine[Any, Any, httpx.Response]) -> set[int]:
    return {answer.status_code for answer in await asyncio.gather(*requests)}


async def counts(databases: Databases) -> list[tuple[int, int]]:
    """For each post what it counts, and how many likes there are."""
    return [tuple(row) for row in await databases.fetch("posts_app", COUNTS)]


async def test_two_hundred_likes_and_unlikes_of_fifty_people_leave_the_right_count(
    posts: Posts, databases: Databases, issuer: Issuer, ada: Person
) -> None:
    post = await posts.publish(ada.headers)
    acts = [(method, person) for person in crowd(issuer, 50) for method in ("PUT", "PUT", "DELETE", "PUT")]
    random.Random(13).shuffle(acts)
    assert await statuses(*(ask(posts, method, post["id"], person) for method, person in acts)) == {200}
    [(count, number)] = await counts(databases)
    assert count == number > 0


async def test_the_same_like_many_times_at_once_is_one(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    for method, number in (("PUT", 1), ("DELETE", 0)):
        answers = await asyncio.gather(*(ask(posts, method, post["id"], stranger) for _ in range(20)))
        assert {answer.json()["likes"] for answer in answers} == {number}
        assert await counts(databases) == [(number, number)]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_like_that_waits_for_the_deletion_of_its_post_is_404(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person, method: str
) -> None:
    post = await posts.publish(ada.headers)
    await ask(posts, "PUT", post["id"], stranger)
    async with other.begin() as db:
        await (await db.connection()).exec_driver_sql(DELETE)
        waiting = asyncio.create_task(ask(posts, method, post["id"], stranger))
        await until_backends(databases, 1, WAITING)
    assert (await waiting).status_code == 404


async def test_a_post_can_be_deleted_and_changed_while_a_crowd_likes_it(
    posts: Posts, databases: Databases, issuer: Issuer, ada: Person
) -> None:
    post = await posts.publish(ada.headers)
    url, people = f"/posts/{post['id']}", crowd(issuer, 20)
    edits = [posts.http.patch(url, json={"title": f"Title {n}"}, headers=ada.headers) for n in range(5)]
    likes = [ask(posts, method, post["id"], person) for method in ("PUT", "DELETE") for person in people]
    await ask(posts, "PUT", post["id"], people[0])
    acts = [*likes[:20], *edits[:3], posts.http.delete(url, headers=ada.headers), *edits[3:], *likes[20:]]
    assert await statuses(*acts) <= {200, 204, 404}
    assert await databases.fetch("posts_app", "SELECT FROM posts.likes") == []


async def test_a_like_that_waits_for_the_erasure_of_its_person_is_refused(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    await ask(posts, "PUT", post["id"], stranger)
    async with erasing(other, posts, stranger):
        waiting = asyncio.create_task(ask(posts, "PUT", post["id"], stranger))
        await until_backends(databases, 1, WAITING)
    assert (await waiting).status_code == 401
    assert await counts(databases) == [(0, 0)]


async def test_people_who_like_each_others_posts_are_erased_at_once(
    posts: Posts, databases: Databases, other: Database, issuer: Issuer, ada: Person, stranger: Person
) -> None:
    """Each erasure lowers the counts of posts that another one deletes."""
    authors = crowd(issuer, 4)
    written = [await posts.publish(author.headers) for author in (*authors, ada) for _ in range(3)]
    ids = [post["id"] for post in written]
    assert await statuses(*(ask(posts, "PUT", id_, person) for id_ in ids for person in (*authors, stranger))) == {200}
    readers = [ask(posts, method, id_, stranger) for id_ in ids for method in ("DELETE", "PUT")]
    edits = [posts.http.patch(f"/posts/{id_}", json={"title": "New"}, headers=ada.headers) for id_ in ids[-3:]]
    erasures = [erase_in(other, posts, author) for author in authors]
    answers = asyncio.create_task(statuses(*readers, *edits))
    await asyncio.gather(*erasures)
    assert await answers <= {200, 404}
    remaining = await counts(databases)
    assert len(remaining) == 3
    assert all(count == number <= 1 for count, number in remaining)
