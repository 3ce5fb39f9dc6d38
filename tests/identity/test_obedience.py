"""Waiting until the receivers of an act have acknowledged its events, on any replica."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from identity_service.events import obedience_wait
from identity_service.events.enqueueing import NOTHING
from identity_service.events.topics import acknowledgements_in
from tests.identity.receivers import PUSH, process_of, receiver, receiver_with_stream, stranger
from tests.identity.waits import LONG, Wait, act, names
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity
from tests.support.waiting import until
from watchword.database import Statement
from watchword.database.errors import DatabaseUnavailable


async def test_act_without_events_is_obeyed_by_nobody_at_once(identity: Identity) -> None:
    assert names(await identity.parts.transmitter.obedience_wait.wait(NOTHING, LONG)) == ([], [])


async def test_acknowledgement_ends_the_wait(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    wait = await Wait(identity, await act(identity)).begun()
    await posts.acknowledge()
    assert await wait.outcome() == (["posts"], [])


async def test_acknowledgement_before_the_wait_counts(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    enqueued = await act(identity)
    await posts.acknowledge()
    obedience = await identity.parts.transmitter.obedience_wait.wait(enqueued, LONG)
    assert names(obedience) == (["posts"], [])
    assert obedience.obeyed[0].after_ms >= 0


@pytest.mark.parametrize("seconds", [0, 0.1])
async def test_receiver_that_does_not_acknowledge_in_time_is_outstanding(identity: Identity, seconds: float) -> None:
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create()
    enqueued = await act(identity)
    await posts.sets()
    await feeds.acknowledge()
    assert names(await identity.parts.transmitter.obedience_wait.wait(enqueued, seconds)) == (["feeds"], ["posts"])


async def test_acknowledgement_of_another_event_does_not_count(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    before = list(await posts.sets())
    await act(identity)
    other = list(await posts.sets())
    enqueued = await act(identity)
    await posts.poll(ack=[*before, *other], maxEvents=0)
    assert names(await identity.parts.transmitter.obedience_wait.wait(enqueued, 0.1)) == ([], ["posts"])


async def test_acknowledgement_at_another_replica_ends_the_wait(clean_databases: Databases) -> None:
    async with services.identity(clean_databases) as one, services.identity(clean_databases) as other:
        posts = await receiver_with_stream(one)
        wait = await Wait(one, await act(one)).begun()
        await replace(posts, http=other.http).acknowledge()
        assert await wait.outcome() == (["posts"], [])


async def test_every_process_of_a_service_must_acknowledge(identity: Identity) -> None:
    processes = [await process_of(identity) for _ in range(2)]
    wait = await Wait(identity, await act(identity)).begun()
    await processes[0].acknowledge()
    assert names(await identity.parts.transmitter.obedience_wait.wait(await act(identity), 0)) == ([], ["posts"])
    await processes[1].acknowledge()
    assert await wait.outcome() == (["posts"], [])


async def test_all_events_of_an_act_must_be_acknowledged(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    enqueued = await act(identity) + await act(identity)
    await posts.poll(ack=list(await posts.sets(maxEvents=1)), maxEvents=0)
    assert names(await identity.parts.transmitter.obedience_wait.wait(enqueued, 0)) == ([], ["posts"])
    await posts.acknowledge()
    assert names(await identity.parts.transmitter.obedience_wait.wait(enqueued, LONG)) == (["posts"], [])


async def test_pushed_event_is_obeyed_when_it_is_taken(identity: Identity) -> None:
    posts = await receiver(identity)
    await posts.create(delivery={"method": PUSH, "endpoint_url": "https://feeds.invalid/events"})
    assert names(await identity.parts.transmitter.obedience_wait.wait(await act(identity), 0)) == ([], ["posts"])


async def test_wait_ends_when_the_process_shuts_down(identity: Identity) -> None:
    await receiver_with_stream(identity)
    wait = await Wait(identity, await act(identity)).begun()
    identity.parts.transmitter.topics.close()
    assert await wait.outcome() == ([], ["posts"])


async def test_database_that_is_away_makes_no_act_fail(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    await receiver_with_stream(identity)
    enqueued = await act(identity)

    async def fail(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(identity.parts.database.reads, "fetch_rows", fail)
    assert names(await identity.parts.transmitter.obedience_wait.wait(enqueued, 0.1)) == ([], ["posts"])


async def test_many_who_wait_share_their_looks(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those who wait for one service alone are not woken by another one that obeys."""
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create()
    reads, looks = identity.parts.database.reads, 0
    fetch_rows = reads.fetch_rows

    async def counted(statement: Statement, **values: Any) -> Any:
        nonlocal looks
        looks += "jtis" in values
        return await fetch_rows(statement, **values)

    monkeypatch.setattr(reads, "fetch_rows", counted)
    monkeypatch.setattr(obedience_wait, "LOOK_AGAIN_SECONDS", LONG)
    waits = [Wait(identity, await act(identity)) for _ in range(50)]
    for wait in waits:
        await wait.begun()
    await posts.acknowledge()
    await until(lambda: not identity.parts.transmitter.topics.waiting_for(acknowledgements_in(UUID(posts.stream_id))))
    await feeds.acknowledge()
    assert [await wait.outcome() for wait in waits] == [(["feeds", "posts"], [])] * len(waits)
    assert looks < 2 * len(waits)
