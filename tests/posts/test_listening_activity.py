"""GET /posts/events: listeners are told that somebody has liked a post or commented on it, which is no change of it."""

from typing import Any

from fastapi import FastAPI

from tests.posts.erasing import erase_in
from tests.posts.listening import LivePosts, next_event
from tests.posts.people import Person
from tests.support.live_server import Events
from tests.support.services import Posts
from watchword.database import Database


async def told_of(events: Events, post: dict[str, Any]) -> dict[str, Any]:
    """The next event, which is of this version of this post."""
    name, members = await next_event(events)
    assert (name, members["id"], members["version"]) == ("post", post["id"], post["version"])
    return members


async def test_listeners_are_told_of_each_like_and_comment_and_of_their_end(
    live_posts: LivePosts, ada: Person, stranger: Person
) -> None:
    http, headers = live_posts.server.http, stranger.headers
    post = await live_posts.publish(ada.headers)
    url = f"/posts/{post['id']}"
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        assert (await http.put(f"{url}/like", headers=headers)).status_code == 200
        assert (await told_of(events, post))["likes"] == 1
        comment = (await http.post(f"{url}/comments", json={"body": "One"}, headers=headers)).json()
        assert (await told_of(events, post))["comments"] == 1
        changed = await http.patch(f"/comments/{comment['id']}", json={"body": "Another"}, headers=headers)
        assert changed.status_code == 200
        assert (await told_of(events, post))["comments"] == 1
        assert (await http.delete(f"/comments/{comment['id']}", headers=headers)).status_code == 204
        assert (await told_of(events, post))["comments"] == 0
        assert (await http.delete(f"{url}/like", headers=headers)).status_code == 200
        assert (await told_of(events, post))["likes"] == 0
        assert (await http.get(url)).json()["updated_at"] == post["updated_at"]


async def test_listeners_are_told_of_the_posts_that_lose_what_an_erased_person_wrote_below_them(
    live_posts: LivePosts, other: Database, ada: Person, stranger: Person
) -> None:
    http = live_posts.server.http
    post = await live_posts.publish(ada.headers)
    url = f"/posts/{post['id']}/comments"
    assert (await http.post(url, json={"body": "One"}, headers=stranger.headers)).status_code == 201
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        await erase_in(other, Posts(live_posts.parts, FastAPI(), http), stranger)
        assert (await told_of(events, post))["comments"] == 0
