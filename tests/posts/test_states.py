"""Drafts and published posts."""

from typing import Any

import pytest

from tests.posts.people import Person
from tests.support.services import Posts
from watchword.testing import StandingClock


async def change(posts: Posts, person: Person, post: dict[str, Any], **members: str) -> dict[str, Any]:
    answer = await posts.http.patch(f"/posts/{post['id']}", json=members, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def instant(clock: StandingClock) -> str:
    return clock.now().isoformat().replace("+00:00", "Z")


async def test_a_post_is_published_unless_it_says_otherwise(posts_at: Posts, clock: StandingClock, ada: Person) -> None:
    post = await posts_at.publish(ada.headers)
    assert post["state"] == "published"
    assert {post[name] for name in ("created_at", "updated_at", "published_at")} == {instant(clock)}


async def test_a_draft_has_never_been_published(posts_at: Posts, ada: Person) -> None:
    draft = await posts_at.publish(ada.headers, state="draft")
    assert (draft["state"], draft["published_at"]) == ("draft", None)


async def test_publishing_a_draft_says_when(posts_at: Posts, clock: StandingClock, ada: Person) -> None:
    draft = await posts_at.publish(ada.headers, state="draft")
    clock.advance(hours=1)
    published = await change(posts_at, ada, draft, state="published")
    assert published == {
        **draft,
        "slug": "a-title",
        "state": "published",
        "version": 2,
        "updated_at": instant(clock),
        "published_at": instant(clock),
    }
    assert (await posts_at.http.get(f"/posts/{draft['id']}", headers=ada.headers)).json() == published


async def test_a_post_published_again_keeps_its_first_instant(
    posts_at: Posts, clock: StandingClock, ada: Person
) -> None:
    post = await posts_at.publish(ada.headers)
    for state in ("draft", "published"):
        clock.advance(hours=1)
        again = await change(posts_at, ada, post, state=state)
        assert (again["state"], again["published_at"]) == (state, post["published_at"])
    assert again["version"] == 3


async def test_a_post_taken_back_is_its_authors_secret_again(posts: Posts, ada: Person, stranger: Person) -> None:
    post = await posts.publish(ada.headers)
    await change(posts, ada, post, state="draft")
    readers: list[dict[str, str]] = [{}, stranger.headers, ada.headers]
    answers = [await posts.http.get(f"/posts/{post['id']}", headers=headers) for headers in readers]
    assert [answer.status_code for answer in answers] == [404, 404, 200]


@pytest.mark.parametrize("state", ["unpublished", "Draft", "", 1, True, ["draft"], {"draft": 1}])
async def test_there_is_no_other_state(posts: Posts, ada: Person, state: object) -> None:
    body = {"title": "A title", "body": "A body", "state": state}
    answer = await posts.http.post("/posts", json=body, headers=ada.headers)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/state"]
