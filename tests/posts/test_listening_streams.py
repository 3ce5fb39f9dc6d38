"""GET /posts/events: how its streams go on and end."""

import asyncio

from posts_service.live import listener, live_feed
from tests.posts.listening import LivePosts, PostsWith, next_event
from tests.posts.people import Person
from tests.support import services
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.testing import Issuer

SIGNED_OUT = '{"code":"unauthenticated"}'


async def test_quiet_streams_have_a_heartbeat_that_brings_the_position_forward(posts_with: PostsWith) -> None:
    async with (
        posts_with(heartbeat_seconds=0.1) as live_posts,
        live_posts.server.http.stream("GET", "/posts/events") as answer,
    ):
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
        live_posts.end_session("over")
        [*_, last] = await hers.rest()
        assert (last.name, last.data) == ("signed-out", SIGNED_OUT)
        await live_posts.until_listening(2)
        await live_posts.publish(ada.headers, title="Still sent")
        for events in (theirs, anonymous):
            assert (await next_event(events))[1]["title"] == "Still sent"


async def test_nobody_looks_while_nobody_listens(live_posts: LivePosts) -> None:
    async with live_posts.server.events("/posts/events"):
        await live_posts.until_listening(1)
        assert len(watchers()) == 1
    await until(lambda: not watchers())


def watchers() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == live_feed.WATCHER]


async def test_a_listener_who_reads_nothing_is_let_go_and_holds_little() -> None:
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
        live_posts.parts.live_feed.close()
        assert await events.rest() == []
    assert (await live_posts.server.http.get("/posts/events")).status_code == 200


async def test_refusal_of_a_stream_while_the_service_stops_has_the_id_of_its_request(
    live_posts: LivePosts, ada: Person
) -> None:
    live_posts.parts.verifier.open_connections.stop()
    answer = await live_posts.server.http.get("/posts/events", headers={**ada.headers, "X-Request-ID": "one"})
    assert (answer.status_code, answer.json()["request_id"], answer.headers["X-Request-ID"]) == (503, "one", "one")
