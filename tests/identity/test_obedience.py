"""Waiting until the receivers of an act have acknowledged its events, on any replica."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import pytest

from identity_service.events import obedience
from identity_service.events.bells import acknowledgements_in
from identity_service.events.enqueueing import NOTHING, Enqueued
from identity_service.events.obedience import Receipt
from identity_service.recording.recorder import by_user
from tests.identity.receivers import (
    PUSH,
    STATUS,
    STREAMS,
    Receiver,
    receiver,
    receiver_with_stream,
    stranger,
    waits_for_acts,
)
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.database import ReadStatement
from watchword.database.errors import DatabaseUnavailable

LONG = 60
LAPSE = "UPDATE identity.streams SET lapses_at = clock_timestamp() WHERE inactivity_timeout IS NOT NULL"


async def act(identity: Identity) -> Enqueued:
    """End a session; returns the events of that."""
    parts, user_id = identity.parts, uuid4()
    async with parts.database.begin() as db:
        cause = by_user(user_id, "signed out")
        return await parts.recorder.sessions_ended(db, parts.clock.now(), user_id, [uuid4()], cause)


class Wait:
    """A wait that has begun."""

    def __init__(self, identity: Identity, enqueued: Enqueued) -> None:
        self._bells = identity.parts.bells
        self._topics = [acknowledgements_in(event.stream_id) for event in enqueued if event.jti is not None]
        self._task = asyncio.create_task(identity.parts.obedience.wait(enqueued, LONG))

    async def begun(self) -> "Wait":
        await until(lambda: all(self._bells.waiting_for(topic) for topic in self._topics))
        return self

    async def receipt(self) -> tuple[list[str], list[str]]:
        return names(await asyncio.wait_for(self._task, PATIENCE_SECONDS / 2))


def names(receipt: Receipt) -> tuple[list[str], list[str]]:
    """The services that obey, and those that are outstanding."""
    return [one.service for one in receipt.obeyed], receipt.outstanding


async def test_act_without_events_is_obeyed_by_nobody_at_once(identity: Identity) -> None:
    assert names(await identity.parts.obedience.wait(NOTHING, LONG)) == ([], [])


async def test_acknowledgement_ends_the_wait(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    wait = await Wait(identity, await act(identity)).begun()
    await posts.acknowledge()
    assert await wait.receipt() == (["posts"], [])


async def test_acknowledgement_before_the_wait_counts(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    enqueued = await act(identity)
    await posts.acknowledge()
    receipt = await identity.parts.obedience.wait(enqueued, LONG)
    assert names(receipt) == (["posts"], [])
    assert receipt.obeyed[0].after_ms >= 0


@pytest.mark.parametrize("seconds", [0, 0.1])
async def test_receiver_that_does_not_acknowledge_in_time_is_outstanding(identity: Identity, seconds: float) -> None:
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create()
    enqueued = await act(identity)
    await posts.sets()
    await feeds.acknowledge()
    assert names(await identity.parts.obedience.wait(enqueued, seconds)) == (["feeds"], ["posts"])


async def test_acknowledgement_of_another_event_does_not_count(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    before = list(await posts.sets())
    await act(identity)
    other = list(await posts.sets())
    enqueued = await act(identity)
    await posts.poll(ack=[*before, *other], maxEvents=0)
    assert names(await identity.parts.obedience.wait(enqueued, 0.1)) == ([], ["posts"])


async def test_acknowledgement_at_another_replica_ends_the_wait(clean_databases: Databases) -> None:
    async with services.identity(clean_databases) as one, services.identity(clean_databases) as other:
        posts = await receiver_with_stream(one)
        wait = await Wait(one, await act(one)).begun()
        await replace(posts, http=other.http).acknowledge()
        assert await wait.receipt() == (["posts"], [])


async def test_every_process_of_a_service_must_acknowledge(identity: Identity) -> None:
    processes = [await receiver(identity) for _ in range(2)]
    for process in processes:
        await process.create(inactivity_timeout=60)
    wait = await Wait(identity, await act(identity)).begun()
    await processes[0].acknowledge()
    assert names(await identity.parts.obedience.wait(await act(identity), 0)) == ([], ["posts"])
    await processes[1].acknowledge()
    assert await wait.receipt() == (["posts"], [])


async def test_all_events_of_an_act_must_be_acknowledged(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    enqueued = await act(identity) + await act(identity)
    await posts.poll(ack=list(await posts.sets(maxEvents=1)), maxEvents=0)
    assert names(await identity.parts.obedience.wait(enqueued, 0)) == ([], ["posts"])
    await posts.acknowledge()
    assert names(await identity.parts.obedience.wait(enqueued, LONG)) == (["posts"], [])


async def test_pushed_event_is_obeyed_when_it_is_taken(identity: Identity) -> None:
    posts = await receiver(identity)
    await posts.create(delivery={"method": PUSH, "endpoint_url": "https://feeds.invalid/events"})
    assert names(await identity.parts.obedience.wait(await act(identity), 0)) == ([], ["posts"])


Failure: TypeAlias = Callable[[Identity, Databases, Receiver], Awaitable[object]]


async def disable(_: Identity, __: Databases, posts: Receiver) -> None:
    await posts.set_status("disabled")


async def disable_and_enable(_: Identity, __: Databases, posts: Receiver) -> None:
    await posts.set_status("disabled")
    await posts.set_status("enabled")


async def delete(_: Identity, __: Databases, posts: Receiver) -> None:
    assert (await posts.request("DELETE", STREAMS, stream_id=posts.stream_id)).status_code == 204


async def refuse(_: Identity, __: Databases, posts: Receiver) -> None:
    await posts.sets(setErrs={jti: {"err": "invalid_key"} for jti in await posts.sets()})


FAILURES: dict[str, Failure] = {
    "disabled": disable,
    "enabled again": disable_and_enable,
    "deleted": delete,
    "refused": refuse,
}


@pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES.keys())
async def test_event_that_left_its_stream_otherwise_is_outstanding(
    identity: Identity, databases: Databases, fail: Failure
) -> None:
    posts = await receiver_with_stream(identity)
    wait = await Wait(identity, await act(identity)).begun()
    await fail(identity, databases, posts)
    assert await wait.receipt() == ([], ["posts"])


async def test_event_of_an_act_that_commits_while_its_stream_is_deleted_is_outstanding(identity: Identity) -> None:
    """Its id is smaller than that of an event which is in the stream already."""
    posts, parts, user_id = await receiver_with_stream(identity), identity.parts, uuid4()
    async with parts.database.begin() as db:
        cause = by_user(user_id, "signed out")
        enqueued = await parts.recorder.sessions_ended(db, parts.clock.now(), user_id, [uuid4()], cause)
        await act(identity)
        deleting = asyncio.create_task(posts.request("DELETE", STREAMS, stream_id=posts.stream_id))
        await until(lambda: waits_for_acts(parts.database.dsn))
    assert (await deleting).status_code == 204
    assert names(await parts.obedience.wait(enqueued, LONG)) == ([], ["posts"])


async def test_stream_whose_deletion_fails_half_way_gets_its_events_again(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = await receiver_with_stream(identity)
    await act(identity)

    async def fail(*_: object) -> None:
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(identity.parts.streams, "_delete_events", fail)
        assert (await posts.request("DELETE", STREAMS, stream_id=posts.stream_id)).status_code == 503
    await databases.execute("identity_app", "DELETE FROM identity.stream_events")
    assert (await posts.request("GET", STATUS, stream_id=posts.stream_id)).json()["status"] == "disabled"
    await posts.set_status("enabled")
    assert await posts.kinds() == ["session-revoked"]


async def test_disabled_stream_is_outstanding_at_once(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await posts.set_status("disabled")
    assert names(await identity.parts.obedience.wait(await act(identity), LONG)) == ([], ["posts"])


async def test_stream_that_did_not_request_the_event_is_not_named(identity: Identity) -> None:
    posts = await receiver_with_stream(identity, events_requested=[])
    await posts.set_status("disabled")
    assert names(await identity.parts.obedience.wait(await act(identity), LONG)) == ([], [])


async def test_process_whose_stream_lapsed_is_outstanding_and_one_that_deleted_it_is_not(
    identity: Identity, databases: Databases
) -> None:
    process = await receiver(identity)
    await process.create(inactivity_timeout=60)
    await databases.execute("identity_app", LAPSE)
    assert names(await identity.parts.obedience.wait(await act(identity), LONG)) == ([], ["posts"])
    other = await stranger(identity)
    await other.create(inactivity_timeout=60)
    wait = await Wait(identity, await act(identity)).begun()
    await delete(identity, databases, other)
    assert await wait.receipt() == (["feeds"], ["posts"])
    await delete(identity, databases, process)
    assert names(await identity.parts.obedience.wait(await act(identity), LONG)) == ([], [])


async def test_wait_ends_when_the_process_shuts_down(identity: Identity) -> None:
    await receiver_with_stream(identity)
    wait = await Wait(identity, await act(identity)).begun()
    identity.parts.bells.close()
    assert await wait.receipt() == ([], ["posts"])


async def test_database_that_is_away_makes_no_act_fail(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    await receiver_with_stream(identity)
    enqueued = await act(identity)

    async def fail(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(identity.parts.database.reads, "fetch_rows", fail)
    assert names(await identity.parts.obedience.wait(enqueued, 0.1)) == ([], ["posts"])


async def test_many_who_wait_share_their_looks(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those who wait for one service alone are not woken by another one that obeys."""
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create()
    reads, looks = identity.parts.database.reads, 0
    fetch_rows = reads.fetch_rows

    async def counted(statement: ReadStatement, **values: Any) -> Any:
        nonlocal looks
        looks += "jtis" in values
        return await fetch_rows(statement, **values)

    monkeypatch.setattr(reads, "fetch_rows", counted)
    monkeypatch.setattr(obedience, "LOOK_AGAIN_SECONDS", LONG)
    waits = [Wait(identity, await act(identity)) for _ in range(50)]
    for wait in waits:
        await wait.begun()
    await posts.acknowledge()
    await until(lambda: not identity.parts.bells.waiting_for(acknowledgements_in(UUID(posts.stream_id))))
    await feeds.acknowledge()
    assert [await wait.receipt() for wait in waits] == [(["feeds", "posts"], [])] * len(waits)
    assert looks < 2 * len(waits)


async def test_notes_of_dropped_events_are_kept_for_a_moment_only(identity: Identity, databases: Databases) -> None:
    posts = await receiver_with_stream(identity)
    await act(identity)
    await refuse(identity, databases, posts)
    count = "SELECT count(*) FROM identity.dropped_events"
    for age, left in (("0", 1), ("61 seconds", 0)):
        await databases.execute(
            "identity_app", "UPDATE identity.dropped_events SET dropped_at = dropped_at - $1::text::interval", age
        )
        await identity.parts.upkeep.work()
        assert [tuple(row) for row in await databases.fetch("identity_app", count)] == [(left,)]
