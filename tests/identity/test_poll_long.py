"""A long poll (RFC 8936 section 2.4) waits for an event, and no longer than the setting allows."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from identity_service.administration import Administration
from tests.identity.answers import ensure_problem
from tests.identity.receivers import STREAMS, Receiver, receiver_with_stream, stranger, summary_of
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.errors import AppError

LONGER_THAN_ANY_TEST = 60


@pytest.fixture
async def long_poll_identity(clean_databases: Databases) -> AsyncIterator[Identity]:
    """The service with polls that wait longer than a test does."""
    async with services.identity(clean_databases, long_poll_seconds=LONGER_THAN_ANY_TEST) as identity:
        await identity.register("ada")
        yield identity


class LongPoll:
    """A poll that has been sent and may wait."""

    def __init__(self, posts: Receiver, **members: object) -> None:
        self._task = asyncio.create_task(posts.poll(returnImmediately=False, **members))

    async def waiting(self, identity: Identity, polls: int = 1) -> "LongPoll":
        """Return when so many polls wait at the doorbell, besides the pusher."""
        await until(lambda: len(identity.parts.doorbell.next_ring()._waiters) > polls)
        return self

    async def answer(self) -> httpx.Response:
        return await asyncio.wait_for(self._task, PATIENCE_SECONDS / 2)

    async def kinds(self) -> list[str]:
        response = await self.answer()
        assert response.status_code == 200, response.text
        return [summary_of(token)[0] for token in response.json()["sets"].values()]


async def disable(identity: Identity, active: bool = False) -> None:
    await Administration(identity.parts).set_active("ada", active)


async def test_long_poll_without_an_event_ends_empty(clean_databases: Databases) -> None:
    async with services.identity(clean_databases, long_poll_seconds=0.05) as identity:
        posts = await receiver_with_stream(identity)
        assert await LongPoll(posts).kinds() == []


async def test_long_poll_does_not_wait_if_the_stream_has_an_event(long_poll_identity: Identity) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    await disable(long_poll_identity)
    assert await LongPoll(posts).kinds() == ["account-disabled"]


async def test_event_ends_a_long_poll_at_once(long_poll_identity: Identity) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    poll = await LongPoll(posts).waiting(long_poll_identity)
    await disable(long_poll_identity)
    assert await poll.kinds() == ["account-disabled"]


async def test_event_of_another_process_ends_a_long_poll(long_poll_identity: Identity, databases: Databases) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    poll = await LongPoll(posts).waiting(long_poll_identity)
    async with services.identity(databases) as other:
        await disable(other)
    assert await poll.kinds() == ["account-disabled"]


async def test_acknowledgements_of_a_long_poll_count_before_it_waits(long_poll_identity: Identity) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    await disable(long_poll_identity)
    poll = await LongPoll(posts, ack=list(await posts.sets())).waiting(long_poll_identity)
    assert await posts.sets() == {}
    await disable(long_poll_identity, active=True)
    assert await poll.kinds() == ["account-enabled"]


async def test_two_simultaneous_polls_both_get_the_event(long_poll_identity: Identity) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    polls = [await LongPoll(posts).waiting(long_poll_identity, number) for number in (1, 2)]
    await disable(long_poll_identity)
    assert [await poll.kinds() for poll in polls] == [["account-disabled"]] * 2


async def test_event_for_another_receiver_ends_no_long_poll(long_poll_identity: Identity) -> None:
    posts, feeds = await receiver_with_stream(long_poll_identity), await stranger(long_poll_identity)
    await feeds.create()
    polls = [await LongPoll(one).waiting(long_poll_identity, number) for number, one in ((1, posts), (2, feeds))]
    await posts.verify()
    assert await polls[0].kinds() == ["verification"]
    await polls[1].waiting(long_poll_identity)
    await disable(long_poll_identity)
    assert await polls[1].kinds() == ["account-disabled"]


async def test_two_polls_can_acknowledge_the_same_event(long_poll_identity: Identity) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    await disable(long_poll_identity)
    every = list(await posts.sets())
    answers = await asyncio.gather(*(posts.sets(ack=every) for _ in range(10)))
    assert answers == [{}] * 10


async def test_change_that_is_rolled_back_sends_nothing(long_poll_identity: Identity) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    poll = await LongPoll(posts).waiting(long_poll_identity)
    with pytest.raises(AppError):
        await Administration(long_poll_identity.parts).set_roles("ada", ["user", "nobody"])
    await disable(long_poll_identity)
    assert await poll.kinds() == ["account-disabled"]


async def test_enabling_a_paused_stream_ends_its_long_poll(long_poll_identity: Identity) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    await posts.set_status("paused")
    await disable(long_poll_identity)
    poll = await LongPoll(posts).waiting(long_poll_identity)
    await posts.set_status("enabled")
    assert await poll.kinds() == ["account-disabled"]


async def test_poll_of_a_stream_that_is_deleted_meanwhile_is_not_found(long_poll_identity: Identity) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    poll = await LongPoll(posts).waiting(long_poll_identity)
    assert (await posts.request("DELETE", STREAMS, stream_id=posts.stream_id)).status_code == 204
    await disable(long_poll_identity)
    ensure_problem(await poll.answer(), 404, "stream_not_found")
