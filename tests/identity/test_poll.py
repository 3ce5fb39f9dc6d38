"""Polling for events (RFC 8936): what waits is sent again and again until it is acknowledged."""

from typing import Any
from uuid import uuid4

import pytest

from identity_service.administration import Administration
from tests.identity.answers import pointers
from tests.identity.receivers import PUSH, STREAMS, Receiver, in_short, listening
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.events.types import EventType

REFUSALS = "SELECT actor, subject, detail FROM identity.audit_entries WHERE action = 'event.refused'"
WAITING = "SELECT FROM identity.stream_events"
KINDS = ["account-disabled", "account-enabled"]


async def with_events(identity: Identity, count: int = 2) -> Receiver:
    """Posts, for whom so many events wait: an account is disabled and enabled in turn."""
    await identity.register("ada")
    posts = await listening(identity)
    await happen(identity, count)
    return posts


async def happen(identity: Identity, count: int) -> None:
    for number in range(count):
        await Administration(identity.parts).set_active("ada", number % 2 == 1)


async def test_empty_object_is_a_poll(identity: Identity) -> None:
    posts = await with_events(identity)
    response = await posts.ask("POST", f"{STREAMS}/{posts.stream_id}/poll", {})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.headers["cache-control"] == "no-store"
    assert [in_short(token)[0] for token in response.json()["sets"].values()] == KINDS


async def test_poll_of_an_empty_stream_answers_an_empty_object(identity: Identity) -> None:
    posts = await listening(identity)
    assert (await posts.poll()).json() == {"sets": {}, "moreAvailable": False}


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


async def test_acknowledging_twice_is_once(identity: Identity) -> None:
    posts = await with_events(identity)
    first, second = await posts.sets()
    for _ in range(2):
        assert list(await posts.sets(ack=[first, first])) == [second]


async def test_no_more_are_sent_than_asked_for(identity: Identity) -> None:
    posts = await with_events(identity, 3)
    every = list(await posts.sets())
    for number, more in ((1, True), (2, True), (3, False), (4, False), (10**9, False)):
        answer = (await posts.poll(maxEvents=number)).json()
        assert (list(answer["sets"]), answer["moreAvailable"]) == (every[:number], more)


async def test_stream_is_emptied_piece_by_piece(identity: Identity) -> None:
    posts = await with_events(identity, 5)
    kinds: list[str] = []
    acknowledged: list[str] = []
    more = True
    while more:
        answer = (await posts.poll(maxEvents=2, ack=acknowledged)).json()
        kinds += [in_short(token)[0] for token in answer["sets"].values()]
        acknowledged, more = list(answer["sets"]), answer["moreAvailable"]
    assert kinds == [*KINDS, *KINDS, KINDS[0]]


async def test_no_events_asked_for_is_acknowledgement_alone(identity: Identity) -> None:
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


async def test_acknowledged_and_refused_events_go_together(identity: Identity) -> None:
    posts = await with_events(identity, 3)
    first, second, third = await posts.sets()
    assert list(await posts.sets(ack=[first], setErrs={second: {"err": "invalid_key"}})) == [third]


STRANGE = [str(uuid4()), "no id at all", "", " ", "0" * 10_000, "ünïcödé", "{}"]


@pytest.mark.parametrize("jti", STRANGE, ids=range(len(STRANGE)))
async def test_ids_of_no_event_of_ours_are_no_matter(identity: Identity, databases: Databases, jti: str) -> None:
    posts = await with_events(identity)
    every = list(await posts.sets())
    assert list(await posts.sets(ack=[jti], setErrs={jti: {"err": "invalid_request"}})) == every
    assert await databases.fetch("identity_app", REFUSALS) == []


async def test_good_acknowledgements_count_beside_strange_ones(identity: Identity) -> None:
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


@pytest.mark.parametrize(("pointer", "asked"), MALFORMED.items(), ids=MALFORMED.keys())
async def test_malformed_poll_is_refused_and_acknowledges_nothing(
    identity: Identity, pointer: str, asked: dict[str, Any]
) -> None:
    posts = await with_events(identity)
    every = list(await posts.sets())
    assert pointers(await posts.poll(**{"ack": every, **asked})) == [pointer]
    assert list(await posts.sets()) == every


async def test_unknown_members_of_a_poll_are_ignored(identity: Identity) -> None:
    posts = await with_events(identity)
    assert len(await posts.sets(colour="green")) == 2


async def test_paused_stream_holds_its_events_and_sends_them_later_in_order(identity: Identity) -> None:
    posts = await with_events(identity)
    await posts.set_status("paused")
    assert await posts.sets() == {}
    await happen(identity, 2)
    assert await posts.sets() == {}
    await posts.set_status("enabled")
    assert await posts.kinds() == KINDS * 2


async def test_disabled_stream_sends_nothing_and_keeps_nothing(identity: Identity, databases: Databases) -> None:
    posts = await with_events(identity)
    await posts.set_status("disabled")
    await happen(identity, 2)
    assert await posts.sets() == {}
    assert await databases.fetch("identity_app", WAITING) == []
    await posts.set_status("enabled")
    assert await posts.sets() == {}
    await happen(identity, 1)
    assert await posts.kinds() == KINDS[:1]


async def test_stream_that_is_pushed_is_not_polled(identity: Identity) -> None:
    hook = {"method": PUSH, "endpoint_url": "https://feeds.invalid/events"}
    posts = await listening(identity, delivery=hook, events_requested=[EventType.ACCOUNT_PURGED])
    assert (await posts.poll()).status_code == 404
