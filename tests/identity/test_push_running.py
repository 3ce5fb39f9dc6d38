"""The pusher as it runs in every process: events wake it, and no receiver stops it."""

from tests.identity.hook import hook
from tests.identity.receivers import KINDS, PUSH, cause_events, receiver_with_stream, stranger
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
