"""The pusher as it runs in every process: woken by what happens, stopped by no receiver."""

from tests.identity.hook import hook
from tests.identity.receivers import PUSH, listening, stranger
from tests.identity.test_push import KINDS, happen
from tests.support.databases import Databases
from tests.support.services import Identity
from tests.support.waiting import until


async def test_events_are_pushed_without_anybody_asking(identity: Identity) -> None:
    await identity.register("ada")
    async with hook() as receiver:
        await listening(identity, delivery={"method": PUSH, "endpoint_url": receiver.url})
        await happen(identity)
        await until(lambda: receiver.kinds() == KINDS)


async def test_receiver_that_cannot_be_reached_keeps_nobody_waiting(identity: Identity) -> None:
    await identity.register("ada")
    nobody = f"https://{'x' * 70}.invalid/events"
    await listening(identity, delivery={"method": PUSH, "endpoint_url": nobody})
    async with hook() as receiver:
        await (await stranger(identity)).create(delivery={"method": PUSH, "endpoint_url": receiver.url})
        await happen(identity)
        await until(lambda: receiver.kinds() == KINDS)


async def test_row_that_cannot_be_pushed_at_all_stops_no_other(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await listening(identity, delivery={"method": PUSH, "endpoint_url": "https://feeds.invalid/events"})
    await databases.execute("identity_owner", "UPDATE identity.streams SET push_url = 'https://host:port'")
    async with hook() as receiver:
        await (await stranger(identity)).create(delivery={"method": PUSH, "endpoint_url": receiver.url})
        await happen(identity)
        await until(lambda: receiver.kinds() == KINDS)
