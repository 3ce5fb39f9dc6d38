"""Comments written, answered, removed, and deleted with their post, all at once: the count is that of the rows, and no
answer or placeholder is alone."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from tests.posts.commenting import ask, comment, comments_of, counts, remove
from tests.posts.erasing import WAITING
from tests.posts.people import Person
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database
from watchword.testing import Issuer

LOCK = "SELECT FROM posts.posts FOR UPDATE"
DELETE_POSTS = "DELETE FROM posts.posts"
Request = Coroutine[Any, Any, httpx.Response]


def crowd(issuer: Issuer, number: int) -> list[Person]:
    return [Person(issuer, f"reader-{index}") for index in range(number)]


async def statuses(*requests: Request) -> set[int]:
    return {answer.status_code for answer in await asyncio.gather(*requests)}


async def in_turn(databases: Databases, other: Database, *requests: Request) -> list[int]:
    """The statuses of requests that wait for the row of the only post, and get it in this order."""
    async with other.begin() as db:
        await (await db.connection()).exec_driver_sql(LOCK)
        waiting = []
        for number, request in enumerate(requests, 1):
            waiting.append(asyncio.create_task(request))
            await until_backends(databases, number, WAITING)
    return [answer.status_code for answer in await asyncio.gather(*waiting)]


async def write_and_remove(posts: Posts, person: Person, post_id: str, parents: list[str]) -> set[int]:
    """Write a comment and an answer, and remove one of them and one of the parents, which may be gone."""
    mine = await comment(posts, person, post_id)
    answers = [
        await ask(posts, person, post_id, "An answer", parent) for parent in (mine["id"], random.choice(parents))
    ]
    removals = [await remove(posts, person, id_) for id_ in (mine["id"], random.choice(parents))]
    return {answer.status_code for answer in (*answers, *removals)}


async def test_twenty_people_who_write_and_remove_at_once_leave_the_right_count(
    posts: Posts, databases: Databases, issuer: Issuer, ada: Person
) -> None:
    random.seed(13)
    post = await posts.publish(ada.headers)
    parents = [(await comment(posts, ada, post["id"]))["id"] for _ in range(4)]
    people = [*crowd(issuer, 16), *[ada] * 4]
    outcomes = await asyncio.gather(*(write_and_remove(posts, person, post["id"], parents) for person in people))
    assert set[int]().union(*outcomes) <= {201, 204, 403, 404, 422}
    [(count, number, placeholders, left_over)] = await counts(databases)
    assert (count, left_over) == (number, 0)
    assert placeholders > 0


@pytest.mark.parametrize("is_first", [True, False], ids=["answer first", "removal first"])
async def test_an_answer_that_meets_the_removal_of_its_parent_is_no_orphan(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person, is_first: bool
) -> None:
    post = await posts.publish(ada.headers)
    parent = (await comment(posts, stranger, post["id"]))["id"]
    await comment(posts, ada, post["id"], "For the card of Ada's")
    requests = [ask(posts, ada, post["id"], "An answer", parent), remove(posts, stranger, parent)]
    assert await in_turn(databases, other, *(requests if is_first else requests[::-1])) == (
        [201, 204] if is_first else [204, 422]
    )
    assert await counts(databases) == [(2, 2, 1, 0) if is_first else (1, 1, 0, 0)]


async def test_the_last_two_answers_of_a_placeholder_that_go_at_once_take_it_with_them(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    parent = (await comment(posts, stranger, post["id"]))["id"]
    answers = [(await comment(posts, ada, post["id"], "An answer", parent))["id"] for _ in range(2)]
    requests = [remove(posts, stranger, parent), *(remove(posts, ada, answer) for answer in answers)]
    assert await in_turn(databases, other, *requests) == [204, 204, 204]
    assert await counts(databases) == [(0, 0, 0, 0)]


async def test_a_comment_removed_twice_at_once_is_counted_once(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    written = await comment(posts, stranger, post["id"])
    answers = await asyncio.gather(*(remove(posts, person, written["id"]) for person in (ada, stranger) * 4))
    assert sorted(answer.status_code for answer in answers) == [204, *[404] * 7]
    assert await counts(databases) == [(0, 0, 0, 0)]


async def test_of_two_changes_of_one_version_one_is_refused(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    written = await comment(posts, ada, post["id"])
    headers = {**ada.headers, "If-Match": '"1"'}
    changes = [
        posts.http.patch(f"/comments/{written['id']}", json={"body": text}, headers=headers) for text in ("a", "b")
    ]
    answers = sorted(answer.status_code for answer in await asyncio.gather(*changes))
    assert answers == [200, 412]
    assert (await comments_of(posts, post["id"]))[0]["version"] == 2


async def test_what_waits_for_the_deletion_of_a_post_is_404(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    written = await comment(posts, stranger, post["id"])
    url, change = f"/comments/{written['id']}", {"body": "Another"}
    async with other.begin() as db:
        await (await db.connection()).exec_driver_sql(DELETE_POSTS)
        requests: list[Request] = [
            ask(posts, stranger, post["id"]),
            ask(posts, stranger, post["id"], "An answer", written["id"]),
            posts.http.patch(url, json=change, headers=stranger.headers),
            remove(posts, stranger, written["id"]),
        ]
        waiting = asyncio.create_task(statuses(*requests))
        await until_backends(databases, len(requests), WAITING)
    assert await waiting == {404}


async def test_a_post_can_be_deleted_and_changed_while_a_crowd_comments_on_it_and_likes_it(
    posts: Posts, databases: Databases, issuer: Issuer, ada: Person
) -> None:
    post = await posts.publish(ada.headers)
    url, people = f"/posts/{post['id']}", crowd(issuer, 12)
    first = await comment(posts, people[0], post["id"])
    acts: list[Request] = [ask(posts, person, post["id"], "An answer", first["id"]) for person in people]
    acts += [posts.http.put(f"{url}/like", headers=person.headers) for person in people]
    acts += [remove(posts, people[0], first["id"]), *(ask(posts, person, post["id"]) for person in people)]
    acts += [posts.http.patch(url, json={"title": f"Title {number}"}, headers=ada.headers) for number in range(4)]
    random.Random(13).shuffle(acts)
    acts.insert(20, posts.http.delete(url, headers=ada.headers))
    assert await statuses(*acts) <= {200, 201, 204, 404, 422}
    assert await databases.fetch("posts_app", "SELECT FROM posts.comments") == []
