"""Polling for events (RFC 8936): an event is sent again and again until it is acknowledged."""

from typing import Any
from uuid import uuid4

import pytest

from tests.identity.answers import claims_of, pointers
from tests.identity.receivers import KINDS, PUSH, STREAMS, Receiver, cause_events, receiver_with_stream, summary_of
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.events.types import EventType
from watchword.testing import StandingClock

REFUSALS = "SELECT actor, subject, detail FROM identity.audit_entries WHERE action = 'event.refused'"
WAITING = "SELECT FROM identity.stream_events"


async def with_events(identity: Identity, count: int = 2) -> Receiver:
    """Posts, with so many events in its stream."""
    await identity.register("ada")
    posts = await receiver_with_stream(identity)
    await cause_events(identity, count)
    return posts


async def test_empty_object_is_a_valid_poll(identity: Identity) -> None:
    posts = await with_events(identity)
    response = await posts.request("POST", f"{STREAMS}/{posts.stream_id}/poll", {})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.headers["cache-control"] == "no-store"
    assert [summary_of(token)[0] for token in response.json()["sets"].values()] == KINDS


async def test_poll_of_an_empty_stream_answers_no_sets(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    answer = (await posts.poll()).json()
    assert (answer["sets"], answer["moreAvailable"]) == ({}, False)


async def test_answer_carries_the_transmitters_time(identity_at: Identity, clock: StandingClock) -> None:
    posts = await receiver_with_stream(identity_at)
    clock.advance(seconds=0.25)
    assert (await posts.poll()).json()["sent_at"] == clock.now().timestamp()


async def test_event_says_when_it_happened_to_the_fraction_of_a_second(
    identity_at: Identity, clock: StandingClock
) -> None:
    await identity_at.register("ada")
    posts = await receiver_with_stream(identity_at)
    clock.advance(seconds=0.25)
    await cause_events(identity_at, 1)
    (token,) = (await posts.sets()).values()
    claims = claims_of(token)
    (event,) = claims["events"].values()
    assert (event["happened_at"], claims["toe"]) == (clock.now().timestamp(), int(clock.now().timestamp()))


async def test_events_come_in_the_order_in_which_they_happened(identity: Identity) -> None:
    posts = await with_events(identity, 20)
    assert await posts.kinds() == KINDS * 10


async def test_events_are_sent_again_until_they_are_acknowledged(identity: Identity) -> None:
    posts = await with_events(identity)
    first, second = await posts.sets()
    assert list(await posts.sets()) == [first, second]
    assert list(await posts.sets(ack=[first])) == [second]
    assert list(await posts.sets()) == [second]
    assert await posts.sets(ack=[second]) == {}
    assert await posts.sets() == {}


async def test_acknowledging_twice_has_the_effect_of_once(identity: Identity) -> None:
    posts = await with_events(identity)
    first, second = await posts.sets()
    for _ in range(2):
        assert list(await posts.sets(ack=[first, first])) == [second]


async def test_no_more_events_are_sent_than_requested(identity: Identity) -> None:
    posts = await with_events(identity, 3)
    for number, more in ((1, True), (2, True), (3, False), (4, False), (10**9, False)):
        answer = (await posts.poll(maxEvents=number)).json()
        assert (len(answer["sets"]), answer["moreAvailable"]) == (min(number, 3), more)


async def test_stream_can_be_emptied_in_several_polls(identity: Identity) -> None:
    posts = await with_events(identity, 5)
    kinds: list[str] = []
    acknowledged: list[str] = []
    more = True
    while more:
        answer = (await posts.poll(maxEvents=2, ack=acknowledged)).json()
        kinds += [summary_of(token)[0] for token in answer["sets"].values()]
        acknowledged, more = list(answer["sets"]), answer["moreAvailable"]
    assert kinds == [*KINDS, *KINDS, KINDS[0]]


async def test_poll_for_no_events_only_acknowledges(identity: Identity) -> None:
    posts = await with_events(identity)
    first, second = await posts.sets()
    assert await posts.sets(maxEvents=0, ack=[first]) == {}
    assert await posts.sets(maxEvents=0, returnImmediately=False) == {}
    assert list(await posts.sets()) == [second]


async def test_event_that_a_receiver_refuses_is_not_sent_again_and_is_audited(
    identity: Identity, databases: Databases
) -> None:
    posts = await with_events(identity)
    first, second = await posts.sets()
    error = {"err": "invalid_audience", "description": "not for us"}
    assert list(await posts.sets(setErrs={first: error})) == [second]
    (row,) = await databases.fetch("identity_app", REFUSALS)
    assert (row["actor"], row["subject"]) == ("posts", first)
    assert "invalid_audience" in row["detail"]
    assert "not for us" in row["detail"]


async def test_one_poll_can_acknowledge_and_refuse(identity: Identity) -> None:
    posts = await with_events(identity, 3)
    first, second, third = await posts.sets()
    assert list(await posts.sets(ack=[first], setErrs={second: {"err": "invalid_key"}})) == [third]


UNKNOWN_IDS = [str(uuid4()), "no id at all", "", " ", "0" * 10_000, "ünïcödé", "{}"]


@pytest.mark.parametrize("jti", UNKNOWN_IDS, ids=range(len(UNKNOWN_IDS)))
async def test_unknown_ids_are_ignored(identity: Identity, databases: Databases, jti: str) -> None:
    posts = await with_events(identity)
    every = list(await posts.sets())
    assert list(await posts.sets(ack=[jti], setErrs={jti: {"err": "invalid_request"}})) == every
    assert await databases.fetch("identity_app", REFUSALS) == []


async def test_valid_acknowledgements_count_beside_unknown_ones(identity: Identity) -> None:
    posts = await with_events(identity)
    first, second = await posts.sets()
    assert list(await posts.sets(ack=["nonsense", first, str(uuid4())])) == [second]


MALFORMED: dict[str, dict[str, Any]] = {
    "/body/maxEvents": {"maxEvents": -1},
    "/body/returnImmediately": {"returnImmediately": "perhaps"},
    "/body/ack": {"ack": "everything"},
    "/body/ack/0": {"ack": [None]},
    "/body/setErrs": {"setErrs": []},
    "/body/setErrs/x/err": {"setErrs": {"x": {}}},
}


@pytest.mark.parametrize(("pointer", "members"), MALFORMED.items(), ids=MALFORMED.keys())
async def test_malformed_poll_is_refused_and_acknowledges_nothing(
    identity: Identity, pointer: str, members: dict[str, Any]
) -> None:
    posts = await with_events(identity)
    every = list(await posts.sets())
    assert pointers(await posts.poll(**{"ack": every, **members}), 400) == [pointer]
    assert list(await posts.sets()) == every


async def test_unknown_members_of_a_poll_are_ignored(identity: Identity) -> None:
    posts = await with_events(identity)
    assert len(await posts.sets(colour="green")) == 2


async def test_paused_stream_stores_its_events_and_sends_them_later_in_order(identity: Identity) -> None:
    posts = await with_events(identity)
    await posts.set_status("paused")
    assert await posts.sets() == {}
    await cause_events(identity, 2)
    assert await posts.sets() == {}
    await posts.set_status("enabled")
    assert await posts.kinds() == KINDS * 2


async def test_disabled_stream_sends_nothing_and_stores_nothing(identity: Identity, databases: Databases) -> None:
    posts = await with_events(identity)
    await posts.set_status("disabled")
    await cause_events(identity, 2)
    assert await posts.sets() == {}
    assert await databases.fetch("identity_app", WAITING) == []


async def test_pushed_stream_cannot_be_polled(identity: Identity) -> None:
    hook = {"method": PUSH, "endpoint_url": "https://feeds.invalid/events"}
    posts = await receiver_with_stream(identity, delivery=hook, events_requested=[EventType.ACCOUNT_PURGED])
    assert (await posts.poll()).status_code == 404
