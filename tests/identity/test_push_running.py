"""The pusher as it runs in every process: events wake it, and no receiver stops it."""

import pytest

from identity_service.events import push
from tests.identity.hook import hook
from tests.identity.receivers import KINDS, PUSH, cause_events, receiver_with_stream, stranger
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity
from tests.support.waiting import until


async def test_events_are_pushed_as_they_happen(identity: Identity) -> None:
    await identity.register("ada")
    async with hook() as receiver:
        await receiver_with_stream(identity, delivery={"method": PUSH, "endpoint_url": receiver.url})
        await cause_events(identity)
        await until(lambda: receiver.kinds() == KINDS)


async def test_unreachable_receiver_does_not_delay_others(identity: Identity) -> None:
    await identity.register("ada")
    unreachable = f"https://{'x' * 70}.invalid/events"
    await receiver_with_stream(identity, delivery={"method": PUSH, "endpoint_url": unreachable})
    async with hook() as receiver:
        await (await stranger(identity)).create(delivery={"method": PUSH, "endpoint_url": receiver.url})
        await cause_events(identity)
        await until(lambda: receiver.kinds() == KINDS)


async def test_stream_with_a_broken_url_does_not_stop_others(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await receiver_with_stream(identity, delivery={"method": PUSH, "endpoint_url": "https://feeds.invalid/events"})
    await databases.execute("identity_owner", "UPDATE identity.streams SET push_url = 'https://host:port'")
    async with hook() as receiver:
        await (await stranger(identity)).create(delivery={"method": PUSH, "endpoint_url": receiver.url})
        await cause_events(identity)
        await until(lambda: receiver.kinds() == KINDS)


async def test_slow_receiver_costs_another_nothing(identity: Identity) -> None:
    """The slow one takes longer for an event than any other may be held up for, and has the first turn."""
    await identity.register("ada")
    async with hook(seconds=4.5) as slow, hook() as fast:
        await receiver_with_stream(identity, delivery={"method": PUSH, "endpoint_url": slow.url})
        await cause_events(identity, 2)
        await until(lambda: len(slow.tokens) == 1)
        await (await stranger(identity)).create(delivery={"method": PUSH, "endpoint_url": fast.url})
        await cause_events(identity, 10)
        await until(lambda: len(fast.tokens) == 12)
        assert len(slow.tokens) == 1


async def test_one_stream_gets_one_event_at_a_time_from_all_processes(clean_databases: Databases) -> None:
    async with (
        services.identity(clean_databases) as one,
        services.identity(clean_databases),
        hook(seconds=0.05) as receiver,
    ):
        await one.register("ada")
        await receiver_with_stream(one, delivery={"method": PUSH, "endpoint_url": receiver.url})
        await cause_events(one, 10)
        await until(lambda: len(receiver.tokens) == 10)
    assert receiver.kinds() == KINDS * 5
    assert receiver.most_at_once == 1


async def test_streams_take_turns_if_more_are_due_than_are_pushed_at_once(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "STREAMS_AT_ONCE", 1)
    await identity.register("ada")
    async with hook(seconds=0.02) as busy, hook() as other:
        await receiver_with_stream(identity, delivery={"method": PUSH, "endpoint_url": busy.url})
        await (await stranger(identity)).create(delivery={"method": PUSH, "endpoint_url": other.url})
        await cause_events(identity, 10)
        await until(lambda: len(other.tokens) == 10)
        assert len(busy.tokens) <= 11
        await until(lambda: len(busy.tokens) == 10)
