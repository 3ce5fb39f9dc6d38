"""GET /posts/events: those who listen are told of new and changed posts."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from posts_service.live import feed, listener, news
from posts_service.live.event_stream import id_at
from posts_service.posts.models import Post
from tests.posts.listening import LivePosts, next_told
from tests.posts.people import Person
from tests.support import services
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.testing import Issuer

SIGNED_OUT = '{"code":"unauthenticated"}'


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
            assert await next_told(events) == ("post", item)


async def test_listeners_are_told_of_changes_in_their_order(live_posts: LivePosts, ada: Person) -> None:
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        post = await live_posts.publish(ada.headers)
        assert (await next_told(events))[1]["version"] == 1
        await live_posts.edit(ada.headers, post["id"], title="Another title")
        name, later = await next_told(events)
        assert (name, later["title"], later["version"]) == ("post", "Another title", 2)


async def test_drafts_are_told_to_nobody_until_they_are_published(live_posts: LivePosts, ada: Person) -> None:
    async with live_posts.server.events("/posts/events", ada.headers) as events:
        await live_posts.until_listening(1)
        draft = await live_posts.publish(ada.headers, state="draft")
        await live_posts.edit(ada.headers, draft["id"], title="Still a draft")
        await live_posts.publish(ada.headers, title="Published")
        assert (await next_told(events))[1]["title"] == "Published"
        await live_posts.edit(ada.headers, draft["id"], state="published")
        assert (await next_told(events))[1]["id"] == draft["id"]


async def test_listeners_are_told_the_id_alone_of_a_post_that_is_unpublished(
    live_posts: LivePosts, ada: Person
) -> None:
    post = await live_posts.publish(ada.headers)
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        await live_posts.edit(ada.headers, post["id"], state="draft", title="A secret")
        assert await next_told(events) == ("post-unpublished", {"id": post["id"]})


async def test_what_was_there_before_is_no_news(live_posts: LivePosts, ada: Person) -> None:
    await live_posts.publish(ada.headers, title="Before")
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        await live_posts.publish(ada.headers, title="After")
        assert (await next_told(events))[1]["title"] == "After"


async def test_who_comes_back_is_told_what_they_missed(live_posts: LivePosts, ada: Person) -> None:
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        await live_posts.publish(ada.headers, title="Heard")
        await next_told(events)
    await live_posts.until_listening(0)
    await live_posts.publish(ada.headers, title="Missed")
    async with live_posts.server.events("/posts/events", {"Last-Event-ID": events.last_id}) as events:
        titles = [(await next_told(events))[1]["title"]]
        if titles == ["Heard"]:
            titles.append((await next_told(events))[1]["title"])
        assert titles[-1] == "Missed"


async def test_a_post_whose_transaction_ends_late_is_told(live_posts: LivePosts, ada: Person) -> None:
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.publish(ada.headers, title="First")
        author = (await next_told(events))[1]["author"]["id"]
        began = datetime.now(UTC)
        async with live_posts.parts.database.begin() as db:
            members = {"title": "Late", "body": "A body", "state": "published"}
            db.add(Post.of(author, members, began))
            await db.flush()
            await live_posts.publish(ada.headers, title="Meanwhile")
            assert (await next_told(events))[1]["title"] == "Meanwhile"
        assert (await next_told(events))[1]["title"] == "Late"


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("event_id", ["not-ours", "-1", "9" * 30, id_at(LONG_AGO).decode()[4:-1]])
async def test_an_id_that_says_nothing_or_is_old_means_that_the_list_is_read_anew(
    live_posts: LivePosts, event_id: str
) -> None:
    async with live_posts.server.events("/posts/events", {"Last-Event-ID": event_id}) as events:
        assert await next_told(events) == ("reset", {})


async def test_who_missed_too_much_reads_the_list_anew(
    live_posts: LivePosts, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MAX_CHANGES", 2)
    event_id = id_at(datetime.now(UTC)).decode()[4:-1]
    for title in ("One", "Two", "Three"):
        await live_posts.publish(ada.headers, title=title)
    async with live_posts.server.events("/posts/events", {"Last-Event-ID": event_id}) as events:
        assert await next_told(events) == ("reset", {})


async def test_more_changes_at_once_than_are_told_mean_that_the_list_is_read_anew(
    live_posts: LivePosts, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        monkeypatch.setattr(feed, "MAX_CHANGES", 2)
        for title in ("One", "Two", "Three"):
            await live_posts.publish(ada.headers, title=title)
        names = []
        while "reset" not in names:
            names.append((await next_told(events))[0])
        await live_posts.publish(ada.headers, title="Four")
        assert (await next_told(events))[1]["title"] == "Four"


async def test_the_list_is_read_anew_again_when_what_it_lacked_has_been_committed(
    live_posts: LivePosts, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "OVERLAP", timedelta(seconds=1))
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.publish(ada.headers, title="First")
        author = (await next_told(events))[1]["author"]["id"]
        began = datetime.now(UTC)
        async with live_posts.parts.database.begin() as db:
            members = {"title": "Late", "body": "A body", "state": "published"}
            db.add(Post.of(author, members, began))
            await db.flush()
            monkeypatch.setattr(feed, "MAX_CHANGES", 0)
            await live_posts.publish(ada.headers, title="Too much")
            assert await next_told(events) == ("reset", {})
            monkeypatch.setattr(feed, "MAX_CHANGES", 500)
        assert await next_told(events) == ("reset", {})


async def test_quiet_streams_have_a_heartbeat_that_brings_the_position_forward(
    live_posts: LivePosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT_SECONDS", 0.1)
    async with live_posts.server.http.stream("GET", "/posts/events") as answer:
        lines = answer.aiter_lines()
        beats = [await anext(lines) for _ in range(9)]
    assert beats[0::3] == [": listening"] * 3
    assert beats[1::3] == sorted(set(beats[1::3]))
    assert beats[2::3] == [""] * 3


async def test_a_stream_ends_with_its_session_and_no_other_does(
    live_posts: LivePosts, ada: Person, stranger: Person
) -> None:
    async with (
        live_posts.server.events("/posts/events", ada.bearer(claims={"sid": "over"})) as hers,
        live_posts.server.events("/posts/events", stranger.headers) as theirs,
        live_posts.server.events("/posts/events") as anonymous,
    ):
        await live_posts.until_listening(3)
        now = time.time()
        live_posts.parts.receiver.revocations.add(Revocation(Kind.SESSION, "over", FOR_EVER, now + 600), now)
        [*_, last] = await hers.rest()
        assert (last.name, last.data) == ("signed-out", SIGNED_OUT)
        await live_posts.until_listening(2)
        await live_posts.publish(ada.headers, title="Still told")
        for events in (theirs, anonymous):
            assert (await next_told(events))[1]["title"] == "Still told"


async def test_an_eleventh_anonymous_reader_of_an_address_is_429_and_a_signed_in_one_is_not(
    live_posts: LivePosts, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "MAX_PER_ADDRESS", 2)
    async with live_posts.server.events("/posts/events"):
        async with live_posts.server.events("/posts/events"):
            refused = await live_posts.server.http.get("/posts/events")
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_listeners")
            assert refused.headers["Retry-After"]
            async with live_posts.server.events("/posts/events", stranger.headers):
                await live_posts.until_listening(3)
        await live_posts.until_listening(1)
        async with live_posts.server.events("/posts/events"):
            await live_posts.until_listening(2)


def test_a_household_has_one_network_of_ipv6() -> None:
    places = listener.Places()
    with places.place_for("2001:db8::1"):
        assert list(places._taken.elements()) == ["2001:db8::"]
        with places.place_for("2001:db8::2"), places.place_for("192.0.2.1"):
            assert sorted(places._taken.elements()) == ["192.0.2.1", "2001:db8::", "2001:db8::"]
    assert not places._taken


@pytest.mark.parametrize(("named", "counted"), [("::ffff:192.0.2.1", "192.0.2.1"), ("unknown", "unknown")])
def test_address_that_a_proxy_names_in_another_way_has_its_places_too(named: str, counted: str) -> None:
    places = listener.Places()
    with places.place_for(named):
        assert list(places._taken) == [counted]


async def test_nobody_looks_while_nobody_listens(live_posts: LivePosts) -> None:
    async with live_posts.server.events("/posts/events"):
        await live_posts.until_listening(1)
        assert len(lookers()) == 1
    await until(lambda: not lookers())


def lookers() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == feed.LOOKER]


async def test_a_listener_who_reads_nothing_is_let_go_and_holds_little(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = listener.Listener()
    for number in range(10_000):
        slow.put(b"%d" % number)
    parts = [part async for part in slow.parts()]
    assert len(parts) == listener.MAX_WAITING


async def test_head_of_the_stream_is_answered_at_once(live_posts: LivePosts) -> None:
    answer = await live_posts.server.http.head("/posts/events")
    assert (answer.status_code, answer.content) == (200, b"")
    await live_posts.until_listening(0)


async def test_page_of_a_configured_origin_may_say_where_it_was(databases: Databases, issuer: Issuer) -> None:
    page = "http://page.example"
    preflight = {
        "Origin": page,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization, last-event-id",
    }
    async with services.posts(databases, issuer.verifier(), cors_origins=page) as posts:
        answer = await posts.http.options("/posts/events", headers=preflight)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, page)


async def test_streams_end_when_the_service_stops(live_posts: LivePosts) -> None:
    async with live_posts.server.events("/posts/events") as events:
        await live_posts.until_listening(1)
        live_posts.parts.feed.close()
        assert await events.rest() == []
    assert (await live_posts.server.http.get("/posts/events")).status_code == 200


async def test_refusal_of_a_stream_while_the_service_stops_has_the_id_of_its_request(
    live_posts: LivePosts, ada: Person
) -> None:
    live_posts.parts.verifier.open_connections.stop()
    answer = await live_posts.server.http.get("/posts/events", headers={**ada.headers, "X-Request-ID": "one"})
    assert (answer.status_code, answer.json()["request_id"], answer.headers["X-Request-ID"]) == (503, "one", "one")
