"""Streams of single processes (`inactivity_timeout`, SSF 1.0): a client has several, and each lapses without polls."""

import asyncio

import pytest

from identity_service.events import streams, upkeep
from tests.identity.answers import ensure_problem, pointers, statuses
from tests.identity.receivers import (
    KINDS,
    LAPSE,
    PUSH,
    STATUS,
    STREAMS,
    VERIFY,
    cause_events,
    process_of,
    receiver,
    receiver_with_stream,
    stranger,
)
from tests.support.databases import Databases
from tests.support.services import Identity

LAPSED_IN_TURN = "UPDATE identity.streams SET lapses_at = clock_timestamp() WHERE id = $1"
LAPSES_IN = "SELECT extract(epoch FROM lapses_at - clock_timestamp())::float AS seconds FROM identity.streams"
USE_UP = "UPDATE identity.streams SET lapses_at = clock_timestamp() + interval '20 seconds'"
LONG_LAPSED = "UPDATE identity.streams SET lapses_at = lapses_at - $1::text::interval"
ROWS = (
    "SELECT (SELECT count(*) FROM identity.streams) AS streams, (SELECT count(*) FROM identity.stream_events) AS events"
)


async def test_processes_have_streams_beside_the_durable_one_and_each_gets_every_event(identity: Identity) -> None:
    await identity.register("ada")
    receivers = [await process_of(identity), await receiver_with_stream(identity), await process_of(identity)]
    await cause_events(identity)
    assert [await one.kinds() for one in receivers] == [KINDS] * 3
    await receivers[0].acknowledge()
    assert [await one.kinds() for one in receivers] == [[], KINDS, KINDS]


async def test_stream_shows_its_timeout_and_the_durable_one_has_none(identity: Identity) -> None:
    process = await receiver(identity)
    created = await process.create(inactivity_timeout=60)
    assert created["inactivity_timeout"] == 60
    assert await process.read() == created
    durable = await (await receiver(identity)).create()
    assert "inactivity_timeout" not in durable
    listed = (await process.request("GET", STREAMS)).json()
    assert listed == [durable, created]


async def test_second_durable_stream_is_refused(identity: Identity) -> None:
    await process_of(identity)
    posts = await receiver_with_stream(identity)
    ensure_problem(await posts.request("POST", STREAMS, {}), 409, "stream_exists")


async def test_no_client_has_more_streams_than_are_allowed(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MAX_STREAMS", 3)
    posts = await receiver_with_stream(identity)
    body = {"inactivity_timeout": 60}
    answers = await asyncio.gather(*(posts.request("POST", STREAMS, body) for _ in range(6)))
    assert statuses(answers) == {201: 2, 409: 4}
    refused = next(answer for answer in answers if answer.status_code == 409)
    ensure_problem(refused, 409, "too_many_streams")
    assert (await (await stranger(identity)).request("POST", STREAMS, body)).status_code == 201
    await databases.execute("identity_app", LAPSE)
    assert (await posts.request("POST", STREAMS, body)).status_code == 201


@pytest.mark.parametrize("timeout", [0, 4, 3_601, -60, 59.5, "60", True])
async def test_timeout_that_makes_no_sense_is_refused(identity: Identity, timeout: object) -> None:
    posts = await receiver(identity)
    refused = await posts.request("POST", STREAMS, {"inactivity_timeout": timeout})
    assert pointers(refused, 400) == ["/body/inactivity_timeout"]


async def test_stream_that_lapses_cannot_be_pushed(identity: Identity) -> None:
    posts, hook = await receiver(identity), {"method": PUSH, "endpoint_url": "https://feeds.example/events"}
    refused = await posts.request("POST", STREAMS, {"inactivity_timeout": 60, "delivery": hook})
    ensure_problem(refused, 400, "lapsing_stream_pushed")
    await posts.create(inactivity_timeout=60)
    change = {"stream_id": posts.stream_id, "delivery": hook}
    for method in ("PATCH", "PUT"):
        ensure_problem(await posts.request(method, STREAMS, change), 400, "lapsing_stream_pushed")


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_timeout_cannot_be_changed(identity: Identity, method: str) -> None:
    process, posts = await process_of(identity), await receiver_with_stream(identity)
    for one, timeout in ((process, 61), (process, None), (posts, 60)):
        body = {"stream_id": one.stream_id, "inactivity_timeout": timeout}
        ensure_problem(await one.request(method, STREAMS, body), 400, "transmitter_supplied")
    same = {"stream_id": process.stream_id, "inactivity_timeout": 60}
    assert (await process.request(method, STREAMS, same)).status_code == 200


async def test_stream_that_has_lapsed_is_not_found(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    process = await process_of(identity)
    await databases.execute("identity_app", LAPSE)
    by_id = {"stream_id": process.stream_id}
    answers = [
        await process.poll(),
        await process.poll(returnImmediately=False),
        await process.poll(maxEvents=0, ack=["x"]),
        await process.request("GET", STREAMS, **by_id),
        await process.request("GET", STATUS, **by_id),
        await process.request("POST", STATUS, {**by_id, "status": "enabled"}),
        await process.request("POST", VERIFY, by_id),
        await process.request("PATCH", STREAMS, {**by_id, "description": "Late"}),
    ]
    for answer in answers:
        ensure_problem(answer, 404, "stream_not_found")
    assert (await process.request("GET", STREAMS)).json() == []


@pytest.mark.parametrize(("age", "stored"), [("0", 2), ("61 seconds", 0)])
async def test_stream_stores_events_for_a_moment_after_it_has_lapsed(
    identity: Identity, databases: Databases, age: str, stored: int
) -> None:
    """A poll that began before may still put off the end."""
    await identity.register("ada")
    await process_of(identity)
    await databases.execute("identity_app", LAPSE)
    await databases.execute("identity_app", LONG_LAPSED, age)
    await cause_events(identity)
    assert (await databases.fetch("identity_app", ROWS))[0]["events"] == stored


async def test_only_the_streams_of_a_client_that_lapsed_last_are_kept(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MAX_LAPSED", 2)
    await (await stranger(identity)).create(inactivity_timeout=60)
    processes = [await process_of(identity) for _ in range(3)]
    for process in processes:
        await databases.execute("identity_app", LAPSED_IN_TURN, process.stream_id)
    await databases.execute("identity_app", LONG_LAPSED, "61 seconds")
    await identity.parts.transmitter.upkeep.work()
    left = {str(row["id"]) for row in await databases.fetch("identity_app", "SELECT id FROM identity.streams")}
    assert len(left) == 3
    assert left > {process.stream_id for process in processes[1:]}


async def test_stream_that_has_lapsed_is_deleted_by_its_client_and_no_stranger(
    identity: Identity, databases: Databases
) -> None:
    process = await process_of(identity)
    await databases.execute("identity_app", LAPSE)
    by_id = {"stream_id": process.stream_id}
    ensure_problem(await (await stranger(identity)).request("DELETE", STREAMS, **by_id), 404, "stream_not_found")
    assert (await process.request("DELETE", STREAMS, **by_id)).status_code == 204
    ensure_problem(await process.request("DELETE", STREAMS, **by_id), 404, "stream_not_found")
    assert (await databases.fetch("identity_app", ROWS))[0]["streams"] == 0


@pytest.mark.parametrize("members", [{}, {"maxEvents": 0}, {"returnImmediately": False, "maxEvents": 1}])
async def test_every_poll_puts_off_the_end(
    identity: Identity, databases: Databases, members: dict[str, object]
) -> None:
    process = await process_of(identity)
    await databases.execute("identity_app", USE_UP)
    assert (await process.poll(**members)).status_code == 200
    ((seconds,),) = await databases.fetch("identity_app", LAPSES_IN)
    assert 20 < seconds <= 60


async def test_every_other_request_about_the_stream_puts_off_its_end(identity: Identity, databases: Databases) -> None:
    process = await process_of(identity)
    by_id = {"stream_id": process.stream_id}
    for method, path, body in (("GET", STREAMS, None), ("POST", VERIFY, by_id), ("PATCH", STREAMS, by_id)):
        await databases.execute("identity_app", USE_UP)
        answer = await process.request(method, path, body, **({} if body else by_id))
        assert answer.is_success, answer.text
        ((seconds,),) = await databases.fetch("identity_app", LAPSES_IN)
        assert 20 < seconds <= 60


async def test_poll_of_a_durable_stream_gives_it_no_end(identity: Identity, databases: Databases) -> None:
    posts = await receiver_with_stream(identity)
    await posts.poll(returnImmediately=False, maxEvents=1)
    assert [row["seconds"] for row in await databases.fetch("identity_app", LAPSES_IN)] == [None]


async def test_events_of_a_lapsed_stream_are_deleted_and_much_later_the_stream(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    await receiver_with_stream(identity, events_requested=[])
    await process_of(identity)
    await cause_events(identity)
    await databases.execute("identity_app", LAPSE)
    for age, streams_left, events_left in (("0", 2, 2), ("61 seconds", 2, 0), ("66 minutes", 1, 0)):
        await databases.execute("identity_app", LONG_LAPSED, age)
        await identity.parts.transmitter.upkeep.work()
        ((count, events),) = await databases.fetch("identity_app", ROWS)
        assert (count, events) == (streams_left, events_left), age
