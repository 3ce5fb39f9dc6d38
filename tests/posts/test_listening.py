"""GET /posts/events: listeners get new and changed posts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from posts_service.live.event_stream import id_at
from posts_service.posts.models import Post
from posts_service.posts.version_columns import first_version
from tests.posts.listening import LivePosts, PostsWith, next_event, read_until
from tests.posts.people import Person
from tests.posts.test_scheduled import DUE
from tests.support.databases import Databases


async def test_listeners_are_told_of_a_new_post_as_the_list_shows_it(
    live_posts: LivePosts, ada: Person, stranger: Person
) -> None:
    async with (
        live_posts.server.events("/posts/events") as anonymous,
        live_posts.server.events("/posts/events", stranger.headers) as signed_in,
    ):
        assert anonymous.headers["Content-Type"].startswith("text/event-stream")
        await live_posts.until_listening(2)
        await live_posts.publish(ada.headers, title="On engines", body="x" * 1_000)
        [item] = (await live_posts.server.http.get("/posts")).json()["items"]
        assert len(item["summary"]) == 280
        for events in (anonymous, signed_in):
            assert await next_event(events) == ("post", item)


async def test_listeners_are_told_of_changes_in_their_order(live_posts: LivePosts, ada: Person) -> None:
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        post = await live_posts.publish(ada.headers)
        assert (await next_event(events))[1]["version"] == 1
        await live_posts.edit(ada.headers, post["id"], title="Another title")
        name, later = await next_event(events)
        assert (name, later["title"], later["version"]) == ("post", "Another title", 2)


async def test_drafts_are_told_to_nobody_until_they_are_published(live_posts: LivePosts, ada: Person) -> None:
    async with live_posts.server.events("/posts/events", ada.headers) as events:
        await live_posts.until_listening(1)
        draft = await live_posts.publish(ada.headers, state="draft")
        await live_posts.edit(ada.headers, draft["id"], title="Still a draft")
        await live_posts.publish(ada.headers, title="Published")
        assert (await next_event(events))[1]["title"] == "Published"
        await live_posts.edit(ada.headers, draft["id"], state="published")
        assert (await next_event(events))[1]["id"] == draft["id"]


async def test_listeners_are_told_the_id_alone_of_a_post_that_is_unpublished(
    live_posts: LivePosts, ada: Person
) -> None:
    post = await live_posts.publish(ada.headers)
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        await live_posts.edit(ada.headers, post["id"], state="draft", title="A secret")
        assert await next_event(events) == ("post-unpublished", {"id": post["id"]})


async def test_listeners_are_told_the_id_alone_of_a_post_that_a_moderator_unpublishes_and_of_it_all_when_it_is_back(
    live_posts: LivePosts, ada: Person, moderator: Person
) -> None:
    http, post = live_posts.server.http, await live_posts.publish(ada.headers)
    url, spam = f"/posts/{post['id']}", {"reason": "Spam"}
    async with (
        live_posts.server.events("/posts/events") as anonymous,
        live_posts.server.events("/posts/events", ada.headers) as author,
        live_posts.server.events("/posts/events", moderator.headers) as moderating,
    ):
        await live_posts.until_listening(3)
        assert (await http.post(f"{url}/unpublish", json=spam, headers=moderator.headers)).status_code == 200
        for events in (anonymous, author, moderating):
            # The reason is for the author, who reads the post.
            assert await next_event(events) == ("post-unpublished", {"id": post["id"]})
        await live_posts.edit(ada.headers, post["id"], title="Still unpublished")
        assert await next_event(anonymous) == ("post-unpublished", {"id": post["id"]})
        again = await http.patch(url, json={"state": "published"}, params=spam, headers=moderator.headers)
        assert again.status_code == 200
        name, item = await next_event(anonymous)
        assert (name, item["title"], item["unpublished_reason"]) == ("post", "Still unpublished", None)


async def test_listeners_are_told_of_a_scheduled_post_when_it_is_published_and_not_before(
    live_posts: LivePosts, databases: Databases, ada: Person
) -> None:
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        scheduled = await live_posts.publish(ada.headers, title="Scheduled", published_at=at)
        await live_posts.publish(ada.headers, title="At once")
        assert (await next_event(events))[1]["title"] == "At once"
        await databases.execute("posts_app", DUE)
        live_posts.parts.job_worker.wake()
        name, item = await next_event(events)
        assert (name, item["id"], item["state"], item["version"]) == ("post", scheduled["id"], "published", 2)
        assert item["published_at"] == scheduled["published_at"]


async def test_what_was_there_before_is_no_news(live_posts: LivePosts, ada: Person) -> None:
    await live_posts.publish(ada.headers, title="Before")
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        await live_posts.publish(ada.headers, title="After")
        assert (await next_event(events))[1]["title"] == "After"


async def test_who_comes_back_is_told_what_they_missed(live_posts: LivePosts, ada: Person) -> None:
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        await live_posts.publish(ada.headers, title="Heard")
        await next_event(events)
    await live_posts.until_listening(0)
    await live_posts.publish(ada.headers, title="Missed")
    async with live_posts.server.events("/posts/events", {"Last-Event-ID": events.last_id}) as events:
        titles = [(await next_event(events))[1]["title"]]
        if titles == ["Heard"]:
            titles.append((await next_event(events))[1]["title"])
        assert titles[-1] == "Missed"


@asynccontextmanager
async def post_that_commits_late(live_posts: LivePosts, author: str) -> AsyncIterator[None]:
    """A published post with the time before the block, which is committed after it."""
    async with live_posts.parts.database.begin() as db:
        members = {"title": "Late", "body": "A body", "state": "published"}
        db.add(Post(author_id=UUID(author), **first_version(members, datetime.now(UTC))))
        await db.flush()
        yield


async def test_a_post_whose_transaction_ends_late_is_told(live_posts: LivePosts, ada: Person) -> None:
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.publish(ada.headers, title="First")
        author = (await next_event(events))[1]["author"]["id"]
        async with post_that_commits_late(live_posts, author):
            await live_posts.publish(ada.headers, title="Meanwhile")
            assert (await next_event(events))[1]["title"] == "Meanwhile"
        assert (await next_event(events))[1]["title"] == "Late"


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("event_id", ["not-ours", "-1", "9" * 30, id_at(LONG_AGO).decode()[4:-1]])
async def test_an_id_that_says_nothing_or_is_old_means_that_the_list_is_read_anew(
    live_posts: LivePosts, event_id: str
) -> None:
    async with live_posts.server.events("/posts/events", {"Last-Event-ID": event_id}) as events:
        assert await next_event(events) == ("reset", {})


async def test_who_missed_too_much_reads_the_list_anew(posts_with: PostsWith, ada: Person) -> None:
    event_id = id_at(datetime.now(UTC)).decode()[4:-1]
    async with posts_with(max_changes=2) as live_posts:
        for title in ("One", "Two", "Three"):
            await live_posts.publish(ada.headers, title=title)
        async with live_posts.server.events("/posts/events", {"Last-Event-ID": event_id}) as events:
            assert await next_event(events) == ("reset", {})


async def test_more_changes_at_once_than_are_told_mean_that_the_list_is_read_anew(
    posts_with: PostsWith, ada: Person
) -> None:
    async with posts_with(max_changes=2) as live_posts, live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        for title in ("One", "Two", "Three"):
            await live_posts.publish(ada.headers, title=title)
        await read_until("reset", events)
        await live_posts.publish(ada.headers, title="Four")
        assert (await next_event(events))[1]["title"] == "Four"


async def test_the_list_is_read_anew_again_when_what_it_lacked_has_been_committed(
    posts_with: PostsWith, ada: Person
) -> None:
    limits = {"max_changes": 1, "overlap": timedelta(seconds=1)}
    async with posts_with(**limits) as live_posts, live_posts.server.events("/posts/events") as events:
        await live_posts.publish(ada.headers, title="First")
        author = (await next_event(events))[1]["author"]["id"]
        async with post_that_commits_late(live_posts, author):
            for title in ("One", "Two"):
                await live_posts.publish(ada.headers, title=title)
            await read_until("reset", events)
        assert await next_event(events) == ("reset", {})
