"""A service is outstanding if an event left its stream without being acknowledged, or if the stream stores none."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import uuid4

import pytest

from identity_service.recording.cause import by_user
from tests.identity.receivers import (
    LAPSE,
    STATUS,
    STREAMS,
    Receiver,
    process_of,
    receiver_with_stream,
    stranger,
    waits_for_acts,
)
from tests.identity.waits import LONG, Wait, act, names
from tests.support.databases import Databases
from tests.support.services import Identity
from tests.support.waiting import until
from watchword.database.errors import DatabaseUnavailable

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
    assert await wait.outcome() == ([], ["posts"])


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
    assert names(await parts.transmitter.obedience_wait.wait(enqueued, LONG)) == ([], ["posts"])


async def test_stream_whose_deletion_fails_half_way_gets_its_events_again(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = await receiver_with_stream(identity)
    await act(identity)

    async def fail(*_: object) -> None:
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(identity.parts.transmitter.streams, "_delete_events", fail)
        assert (await posts.request("DELETE", STREAMS, stream_id=posts.stream_id)).status_code == 503
    await databases.execute("identity_app", "DELETE FROM identity.stream_events")
    assert (await posts.request("GET", STATUS, stream_id=posts.stream_id)).json()["status"] == "disabled"
    await posts.set_status("enabled")
    assert await posts.kinds() == ["session-revoked"]


async def test_disabled_stream_is_outstanding_at_once(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await posts.set_status("disabled")
    assert names(await identity.parts.transmitter.obedience_wait.wait(await act(identity), LONG)) == ([], ["posts"])


async def test_stream_that_did_not_request_the_event_is_not_named(identity: Identity) -> None:
    posts = await receiver_with_stream(identity, events_requested=[])
    await posts.set_status("disabled")
    assert names(await identity.parts.transmitter.obedience_wait.wait(await act(identity), LONG)) == ([], [])


async def test_process_whose_stream_lapsed_is_outstanding_and_one_that_deleted_it_is_not(
    identity: Identity, databases: Databases
) -> None:
    process = await process_of(identity)
    await databases.execute("identity_app", LAPSE)
    assert names(await identity.parts.transmitter.obedience_wait.wait(await act(identity), LONG)) == ([], ["posts"])
    other = await stranger(identity)
    await other.create(inactivity_timeout=60)
    wait = await Wait(identity, await act(identity)).begun()
    await delete(identity, databases, other)
    assert await wait.outcome() == (["feeds"], ["posts"])
    await delete(identity, databases, process)
    assert names(await identity.parts.transmitter.obedience_wait.wait(await act(identity), LONG)) == ([], [])


async def test_notes_of_dropped_events_are_kept_for_a_moment_only(identity: Identity, databases: Databases) -> None:
    posts = await receiver_with_stream(identity)
    await act(identity)
    await refuse(identity, databases, posts)
    count = "SELECT count(*) FROM identity.dropped_events"
    for age, left in (("0", 1), ("61 seconds", 0)):
        await databases.execute(
            "identity_app", "UPDATE identity.dropped_events SET dropped_at = dropped_at - $1::text::interval", age
        )
        await identity.parts.transmitter.upkeep.work()
        assert [tuple(row) for row in await databases.fetch("identity_app", count)] == [(left,)]
