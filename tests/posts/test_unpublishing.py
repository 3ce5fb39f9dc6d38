"""A moderator unpublishes a post, and publishes it again."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from posts_service.posts.policy import Permission
from tests.posts.moderating import REASON, change, page, unpublish
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.testing import StandingClock

LISTED = """
    SELECT (SELECT count(*) FROM posts.post_tags) AS tags, (SELECT count(*) FROM posts.post_terms) AS terms,
        (SELECT coalesce(sum(posts), 0) FROM posts.tags) AS counts
"""


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def listed(databases: Databases) -> tuple[int, ...]:
    [row] = await databases.fetch("posts_app", LISTED)
    return tuple(int(value) for value in row)


async def test_an_unpublished_post_says_why_to_its_author_and_does_not_exist_for_readers(
    posts_at: Posts, clock: StandingClock, ada: Person, stranger: Person, moderator: Person
) -> None:
    post = await posts_at.publish(ada.headers)
    clock.advance(hours=1)
    answer = await unpublish(posts_at, moderator, post, f" {REASON}\n")
    changes = {"state": "unpublished", "unpublished_reason": REASON, "version": 2}
    expected = {**post, **changes, "updated_at": clock.now().isoformat().replace("+00:00", "Z")}
    assert (answer.status_code, answer.json()) == (200, expected)
    url = f"/posts/{post['id']}"
    seen = [await posts_at.http.get(url, headers=person.headers) for person in (ada, moderator)]
    assert [read.json() for read in seen] == [expected, expected]
    assert seen[0].headers["etag"] == answer.headers["etag"]
    hidden: list[dict[str, str]] = [{}, stranger.headers, stranger.bearer(permissions=[Permission.POST_EDIT_ANY])]
    assert [(await posts_at.http.get(url, headers=headers)).status_code for headers in hidden] == [404] * 3
    assert (await posts_at.http.get("/posts")).json()["items"] == []


async def test_its_author_may_change_and_delete_it_and_not_publish_it(
    posts: Posts, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    await unpublish(posts, moderator, post)
    for state in ("published", "draft"):
        assert code(await change(posts, ada, post, state=state)) == (403, "unpublished_by_moderator")
    edited = await change(posts, ada, post, body="Better")
    assert (edited.status_code, edited.json()["state"]) == (200, "unpublished")
    assert edited.json()["unpublished_reason"] == REASON
    assert (await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)).status_code == 204


async def test_a_moderator_publishes_it_again(posts: Posts, ada: Person, stranger: Person, moderator: Person) -> None:
    post = await posts.publish(ada.headers)
    await unpublish(posts, moderator, post)
    assert code(await change(posts, moderator, post, state="published")) == (422, "invalid")
    assert code(await change(posts, stranger, post, state="published")) == (404, "post_not_found")
    again = await change(posts, moderator, post, "It was a mistake", state="published")
    expected = {**post, "version": 3, "updated_at": again.json()["updated_at"]}
    assert (again.status_code, again.json()) == (200, expected)
    items = (await page(posts, moderator, "actions"))["items"]
    assert [(item["action"], item["reason"]) for item in items] == [
        ("publish", "It was a mistake"),
        ("unpublish", REASON),
    ]


async def test_it_is_not_listed_by_its_tags_and_words_until_it_is_published_again(
    posts: Posts, databases: Databases, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers, tags=["engines", "looms"])
    assert await listed(databases) == (2, 1, 2)
    await unpublish(posts, moderator, post)
    assert await listed(databases) == (0, 0, 0)
    await change(posts, ada, post, tags=["silk"])
    assert await listed(databases) == (0, 0, 0)
    await change(posts, moderator, post, REASON, state="published")
    assert await listed(databases) == (1, 1, 1)


async def test_only_a_published_post_can_be_unpublished(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    draft, post = await posts.publish(ada.headers, state="draft"), await posts.publish(ada.headers)
    own = await posts.publish(moderator.headers, state="draft")
    await unpublish(posts, moderator, post)
    for thing, expected in (
        (draft, (404, "post_not_found")),
        ({"id": str(uuid4())}, (404, "post_not_found")),
        (own, (409, "post_not_published")),
        (post, (409, "post_not_published")),
    ):
        assert code(await unpublish(posts, moderator, thing)) == expected
    for person in (ada, stranger):
        assert code(await unpublish(posts, person, post)) == (403, "not_permitted")


@pytest.mark.parametrize("body", [{}, {"reason": " "}, {"reason": "x" * 1_001}, {"reason": REASON, "state": "draft"}])
async def test_a_post_is_not_unpublished_without_a_reason(
    posts: Posts, ada: Person, moderator: Person, body: dict[str, Any]
) -> None:
    post = await posts.publish(ada.headers)
    url = f"/posts/{post['id']}/unpublish"
    assert (await posts.http.post(url, json=body, headers=moderator.headers)).status_code == 422
    assert (await posts.http.get(f"/posts/{post['id']}", headers=ada.headers)).json() == post


async def test_of_two_moderators_at_once_one_unpublishes(
    posts: Posts, databases: Databases, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers, tags=["engines"])
    other = Person(ada.issuer, "barbara", tuple(Permission))
    answers = await asyncio.gather(*(unpublish(posts, person, post) for person in (moderator, other)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len((await page(posts, moderator, "actions"))["items"]) == 1
    assert await listed(databases) == (0, 0, 0)


async def test_a_post_that_has_changed_is_not_unpublished_if_the_moderator_says_so(
    posts: Posts, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    headers = {**moderator.headers, "If-Match": '"other"'}
    answer = await posts.http.post(f"/posts/{post['id']}/unpublish", json={"reason": REASON}, headers=headers)
    assert code(answer) == (412, "post_changed")
