"""What the transmitter measures: how polls end, and for how long events have waited."""

from tests.identity.receivers import cause_events, receiver_with_stream
from tests.support.databases import Databases
from tests.support.metrics import scrape
from tests.support.services import Identity

AGE = "UPDATE identity.stream_events SET created_at = created_at - interval '100 seconds'"


async def test_age_of_the_oldest_event_is_measured_until_it_is_acknowledged(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    posts = await receiver_with_stream(identity)
    await cause_events(identity)
    await databases.execute("identity_app", AGE)
    assert await oldest(identity) >= 100
    await posts.acknowledge()
    assert await oldest(identity) == 0


async def test_client_whose_stream_is_gone_has_nothing_that_waits(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await receiver_with_stream(identity)
    await cause_events(identity)
    await databases.execute("identity_app", AGE)
    assert await oldest(identity) >= 100
    await databases.execute("identity_app", "DELETE FROM identity.streams")
    assert await oldest(identity) == 0


async def test_polls_are_counted_by_how_they_ended(identity: Identity) -> None:
    await identity.register("ada")
    posts = await receiver_with_stream(identity)
    await posts.poll()
    await cause_events(identity)
    await posts.poll()
    metrics = await scrape(identity.http)
    counts = {one: metrics("watchword_event_polls_total", outcome=one) for one in ("events", "empty", "superseded")}
    assert counts == {"events": 1, "empty": 1, "superseded": 0}


async def oldest(identity: Identity) -> float:
    await identity.parts.transmitter.upkeep.work()
    return (await scrape(identity.http))("watchword_oldest_event_seconds", client="posts")
