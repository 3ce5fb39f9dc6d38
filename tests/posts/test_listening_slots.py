"""GET /posts/events: how many streams one account has, and one address of anonymous readers."""

from contextlib import AsyncExitStack

import httpx
import pytest

from posts_service.live.listener_slots import MAX_PER_ADDRESS, MAX_PER_SUBJECT, ListenerSlots
from tests.posts.listening import LivePosts, PostsWith
from tests.posts.people import Person
from tests.support.waiting import until


def assert_refused(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_listeners")
    assert answer.headers["Retry-After"]


async def until_all_have_left(live_posts: LivePosts) -> None:
    await until(lambda: live_posts.server.open_tasks() == 0)


@pytest.mark.parametrize(
    ("is_anonymous", "count"),
    [(True, MAX_PER_ADDRESS), (False, MAX_PER_SUBJECT)],
    ids=["eleventh_of_an_address", "twenty_first_of_an_account"],
)
async def test_one_stream_more_than_there_may_be_is_429(
    live_posts: LivePosts, ada: Person, *, is_anonymous: bool, count: int
) -> None:
    headers = {} if is_anonymous else ada.headers
    async with AsyncExitStack() as streams:
        for _ in range(count):
            await streams.enter_async_context(live_posts.server.events("/posts/events", headers))
        assert_refused(await live_posts.server.http.get("/posts/events", headers=headers))


async def test_an_account_is_counted_over_all_its_sessions(posts_with: PostsWith, ada: Person) -> None:
    first, second = (ada.bearer(claims={"sid": session_id}) for session_id in ("first", "second"))
    async with (
        posts_with(slots=ListenerSlots(per_subject=1)) as live_posts,
        live_posts.server.events("/posts/events", first),
    ):
        assert_refused(await live_posts.server.http.get("/posts/events", headers=second))


async def test_the_streams_of_an_account_or_an_address_cost_no_other_a_slot(
    posts_with: PostsWith, ada: Person, stranger: Person
) -> None:
    async with (
        posts_with(slots=ListenerSlots(per_subject=1, per_address=1)) as live_posts,
        live_posts.server.events("/posts/events", ada.headers),
        live_posts.server.events("/posts/events"),
        live_posts.server.events("/posts/events", stranger.headers),
    ):
        await live_posts.until_listening(3)


@pytest.mark.parametrize("is_anonymous", [True, False], ids=["of_an_address", "of_an_account"])
async def test_a_stream_that_is_closed_frees_its_place(
    posts_with: PostsWith, ada: Person, *, is_anonymous: bool
) -> None:
    headers = {} if is_anonymous else ada.headers
    async with posts_with(slots=ListenerSlots(per_subject=1, per_address=1)) as live_posts:
        for _ in range(2):
            async with live_posts.server.events("/posts/events", headers):
                await live_posts.until_listening(1)
            await until_all_have_left(live_posts)


async def test_a_stream_that_ends_with_its_session_frees_its_place(posts_with: PostsWith, ada: Person) -> None:
    over, another = (ada.bearer(claims={"sid": session_id}) for session_id in ("over", "another"))
    async with posts_with(slots=ListenerSlots(per_subject=1)) as live_posts:
        async with live_posts.server.events("/posts/events", over) as events:
            live_posts.end_session("over")
            assert [event.name for event in await events.rest()] == ["signed-out"]
        async with live_posts.server.events("/posts/events", another):
            await live_posts.until_listening(1)


async def test_a_stream_that_is_refused_takes_no_place(posts_with: PostsWith, ada: Person) -> None:
    async with posts_with(slots=ListenerSlots(per_subject=1)) as live_posts:
        async with live_posts.server.events("/posts/events", ada.headers):
            assert_refused(await live_posts.server.http.get("/posts/events", headers=ada.headers))
        await until_all_have_left(live_posts)
        async with live_posts.server.events("/posts/events", ada.headers):
            await live_posts.until_listening(1)


def test_a_household_has_one_network_of_ipv6() -> None:
    slots = ListenerSlots()
    with slots.for_address("2001:db8::1"):
        assert list(slots._of_addresses.elements()) == ["2001:db8::"]
        with slots.for_address("2001:db8::2"), slots.for_address("192.0.2.1"):
            assert sorted(slots._of_addresses.elements()) == ["192.0.2.1", "2001:db8::", "2001:db8::"]
    assert not slots._of_addresses
