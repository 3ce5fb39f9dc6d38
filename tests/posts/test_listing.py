"""Which posts a list shows, and in which order."""

from typing import Any
from uuid import uuid4

import pytest

from tests.posts.people import WRITE, Person
from tests.posts.summaries import summary_of
from tests.support.services import Posts
from watchword.testing import Issuer, StandingClock


async def listed(posts: Posts, headers: dict[str, str] | None = None, **query: str | int) -> list[dict[str, Any]]:
    """What is listed, without what only this reader sees."""
    answer = await posts.http.get("/posts", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [summary_of(item) for item in answer.json()["items"]]


async def test_an_empty_list_is_a_page_without_a_next(posts: Posts) -> None:
    answer = await posts.http.get("/posts")
    assert (answer.status_code, answer.json()) == (200, {"items": [], "next": None})
    assert "link" not in answer.headers


async def test_the_newest_post_comes_first(posts_at: Posts, clock: StandingClock, ada: Person) -> None:
    published = []
    for _ in range(3):
        published.append(await posts_at.publish(ada.headers))
        clock.advance(seconds=1)
    assert await listed(posts_at) == [summary_of(post) for post in published[::-1]]


async def test_a_draft_published_later_comes_to_the_top(posts_at: Posts, clock: StandingClock, ada: Person) -> None:
    draft = await posts_at.publish(ada.headers, state="draft")
    clock.advance(seconds=1)
    post = await posts_at.publish(ada.headers)
    clock.advance(seconds=1)
    await posts_at.http.patch(f"/posts/{draft['id']}", json={"state": "published"}, headers=ada.headers)
    assert [item["id"] for item in await listed(posts_at)] == [draft["id"], post["id"]]


async def test_an_edited_post_keeps_its_place(posts_at: Posts, clock: StandingClock, ada: Person) -> None:
    older = await posts_at.publish(ada.headers)
    clock.advance(seconds=1)
    newer = await posts_at.publish(ada.headers)
    clock.advance(seconds=1)
    await posts_at.http.patch(f"/posts/{older['id']}", json={"title": "Another"}, headers=ada.headers)
    assert [item["id"] for item in await listed(posts_at)] == [newer["id"], older["id"]]


async def test_twenty_posts_are_a_page_unless_the_query_says_otherwise(posts: Posts, ada: Person) -> None:
    for _ in range(21):
        await posts.publish(ada.headers)
    assert len(await listed(posts)) == 20
    assert len(await listed(posts, limit=1)) == 1
    assert len(await listed(posts, limit=100)) == 21


@pytest.mark.parametrize("limit", [0, 101, -1, 10**30, "ten", "", "1.5", "1.0", "1_0", "+5", " 5", "\u0665", "\x00"])
async def test_a_page_has_between_1_and_100_posts(posts: Posts, limit: object) -> None:
    answer = await posts.http.get("/posts", params={"limit": str(limit)})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/query/limit"]


async def test_drafts_are_in_no_public_list(posts: Posts, ada: Person, moderator: Person) -> None:
    await posts.publish(ada.headers, state="draft")
    post = await posts.publish(ada.headers)
    for headers in ({}, ada.headers, moderator.headers):
        assert await listed(posts, headers) == [summary_of(post)]
        assert await listed(posts, headers, author=ada.id) == [summary_of(post)]
        assert await listed(posts, headers, state="published") == [summary_of(post)]


async def test_a_list_of_drafts_is_the_callers_own(posts: Posts, ada: Person, stranger: Person) -> None:
    draft = await posts.publish(ada.headers, state="draft")
    await posts.publish(ada.headers)
    theirs = await posts.publish(stranger.headers, state="draft")
    assert await listed(posts, ada.headers, state="draft") == [summary_of(draft)]
    assert await listed(posts, ada.headers, state="draft", author=ada.id) == [summary_of(draft)]
    assert await listed(posts, stranger.headers, state="draft") == [summary_of(theirs)]


async def test_drafts_of_another_are_an_empty_page(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    await posts.publish(ada.headers, state="draft")
    for caller in (stranger, moderator):
        await posts.publish(caller.headers, state="draft")
        assert await listed(posts, caller.headers, state="draft", author=ada.id) == []


async def test_drafts_need_a_token(posts: Posts, ada: Person) -> None:
    for query in ({"state": "draft"}, {"state": "draft", "author": ada.id}):
        answer = await posts.http.get("/posts", params=query)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_service_has_no_drafts(posts: Posts, issuer: Issuer) -> None:
    service = issuer.bearer("feed-reader", username=None, scope=WRITE)
    answer = await posts.http.get("/posts?state=draft", headers=service)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


async def test_the_author_filter_shows_one_authors_posts(posts: Posts, ada: Person, stranger: Person) -> None:
    hers, theirs = await posts.publish(ada.headers), await posts.publish(stranger.headers)
    assert await listed(posts, author=ada.id) == [summary_of(hers)]
    assert await listed(posts, author=stranger.id) == [summary_of(theirs)]
    assert await listed(posts, author=str(uuid4())) == []


@pytest.mark.parametrize("name", ["author", "state"])
async def test_a_filter_that_is_none_is_refused_by_name(posts: Posts, name: str) -> None:
    answer = await posts.http.get("/posts", params={name: "nobody"})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/query/{name}"]


async def test_what_a_list_shows_is_its_readers_alone(posts: Posts, ada: Person) -> None:
    """No cache on the way may give one reader's drafts to another."""
    await posts.publish(ada.headers, state="draft")
    answer = await posts.http.get("/posts?state=draft", headers=ada.headers)
    assert "private" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "Authorization"
