"""A long poll (RFC 8936 section 2.4) waits for an event, and a newer one of the same stream ends it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.events.poll import PollDelivery
from identity_service.events.security_event_tokens import SetMinter
from identity_service.events.topics import events_in
from tests.identity.answers import ensure_problem
from tests.identity.receivers import STREAMS, Receiver, receiver, receiver_with_stream, stranger, summary_of
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.errors import AppError
from watchword.ids import parse_uuid

LONGER_THAN_ANY_TEST = 60


@asynccontextmanager
async def patient(databases: Databases) -> AsyncIterator[Identity]:
    """The service with polls that wait longer than a test does, and than the setting allows."""
    async with services.identity(databases) as identity:
        parts = identity.parts
        minter = SetMinter(IDENTITY_URL, parts.keyring)
        parts.transmitter.poll_delivery = PollDelivery(
            parts.database, minter, parts.transmitter.topics, parts.clock, LONGER_THAN_ANY_TEST
        )
        yield identity


@pytest.fixture
async def long_poll_identity(clean_databases: Databases) -> AsyncIterator[Identity]:
    async with patient(clean_databases) as identity:
        await identity.register("ada")
        yield identity


class LongPoll:
    """A poll that has been sent and may wait."""

    def __init__(self, posts: Receiver, **members: object) -> None:
        self._topic = topic_of(posts)
        self._task = asyncio.create_task(posts.poll(returnImmediately=False, **members))

    async def waiting(self, identity: Identity) -> "LongPoll":
        """Return when a poll of this stream waits."""
        await until(lambda: identity.parts.transmitter.topics.waiting_for(self._topic) == 1)
        return self

    async def answer(self) -> httpx.Response:
        return await asyncio.wait_for(self._task, PATIENCE_SECONDS / 2)

    async def kinds(self) -> list[str]:
        response = await self.answer()
        assert response.status_code == 200, response.text
        return [summary_of(token)[0] for token in response.json()["sets"].values()]


def topic_of(posts: Receiver) -> str:
    stream_id = parse_uuid(posts.stream_id)
    assert stream_id is not None
    return events_in(stream_id)


async def disable(identity: Identity, active: bool = False) -> None:
    await Administration(identity.parts).set_active("ada", active)


@pytest.mark.parametrize("seconds", [0, 0.05])
async def test_long_poll_without_an_event_ends_empty(clean_databases: Databases, seconds: float) -> None:
    async with services.identity(clean_databases, long_poll_seconds=seconds) as identity:
        posts = await receiver_with_stream(identity)
        assert await LongPoll(posts).kinds() == []
        assert identity.parts.transmitter.poll_delivery.outcomes["empty"] == 1


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


async def test_newer_poll_ends_the_older_one_which_brings_no_event(long_poll_identity: Identity) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    older = await LongPoll(posts).waiting(long_poll_identity)
    newer = LongPoll(posts)
    assert await older.kinds() == []
    await newer.waiting(long_poll_identity)
    await disable(long_poll_identity)
    assert await newer.kinds() == ["account-disabled"]
    assert long_poll_identity.parts.transmitter.poll_delivery.outcomes["superseded"] == 1


async def test_newer_poll_at_another_replica_ends_the_older_one(clean_databases: Databases) -> None:
    async with services.identity(clean_databases) as one, patient(clean_databases) as other:
        await one.register("ada")
        posts = await receiver_with_stream(one)
        older = await LongPoll(posts).waiting(one)
        newer = LongPoll(replace(posts, http=other.http))
        assert await older.kinds() == []
        assert one.parts.transmitter.poll_delivery.outcomes["superseded"] == 1
        await newer.waiting(other)
        await disable(one)
        assert await newer.kinds() == ["account-disabled"]


@pytest.mark.parametrize("members", [{"maxEvents": 0}, {"maxEvents": 0, "returnImmediately": False}, {}])
async def test_poll_that_does_not_wait_ends_no_other(long_poll_identity: Identity, members: dict[str, object]) -> None:
    posts = await receiver_with_stream(long_poll_identity)
    poll = await LongPoll(posts).waiting(long_poll_identity)
    assert (await posts.poll(**members)).status_code == 200
    await disable(long_poll_identity)
    assert await poll.kinds() == ["account-disabled"]


async def test_poll_of_one_stream_ends_no_poll_of_another(long_poll_identity: Identity) -> None:
    posts, process = await receiver_with_stream(long_poll_identity), await receiver(long_poll_identity)
    await process.create(inactivity_timeout=60)
    polls = [await LongPoll(one).waiting(long_poll_identity) for one in (posts, process)]
    await disable(long_poll_identity)
    assert [await poll.kinds() for poll in polls] == [["account-disabled"]] * 2


async def test_event_for_another_receiver_wakes_no_long_poll(long_poll_identity: Identity) -> None:
    posts, feeds = await receiver_with_stream(long_poll_identity), await stranger(long_poll_identity)
    await feeds.create()
    polls = [await LongPoll(one).waiting(long_poll_identity) for one in (posts, feeds)]
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
    ensure_problem(await poll.answer(), 404, "stream_not_found")
