"""Changing, replacing, deleting and verifying a stream, and its status (SSF 1.0 section 8)."""

from typing import Any
from uuid import uuid4

import pytest

from identity_service.administration import Administration
from tests.identity.answers import ensure_problem
from tests.identity.receivers import POLL, PUSH, STATUS, STREAMS, Receiver, receiver, receiver_with_stream, summary_of
from tests.support.services import IDENTITY_URL, Identity
from watchword.events.types import EventType, supported_by
from watchword.testing import StandingClock

SUPPORTED = list(supported_by(IDENTITY_URL))
HOOK = {"method": PUSH, "endpoint_url": "https://feeds.example/events"}


async def change(posts: Receiver, method: str = "PATCH", **members: Any) -> dict[str, Any]:
    response = await posts.request(method, STREAMS, {"stream_id": posts.stream_id, **members})
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store"), response.text
    assert response.json() == await posts.read()
    return dict(response.json())


async def test_stream_is_read_by_its_id_or_in_a_list(identity: Identity) -> None:
    posts = await receiver(identity)
    empty = await posts.request("GET", STREAMS)
    assert (empty.status_code, empty.json(), empty.headers["cache-control"]) == (200, [], "no-store")
    created = await posts.create()
    assert (await posts.request("GET", STREAMS)).json() == [created]
    one = await posts.request("GET", STREAMS, stream_id=posts.stream_id)
    assert (one.json(), one.headers["cache-control"]) == (created, "no-store")


async def test_patch_changes_only_the_members_that_are_sent(identity: Identity) -> None:
    posts = await receiver_with_stream(identity, description="Posts", events_requested=[EventType.ACCOUNT_PURGED])
    changed = await change(posts, description="Feeds")
    assert (changed["description"], changed["events_requested"]) == ("Feeds", [EventType.ACCOUNT_PURGED])
    changed = await change(posts, events_requested=[EventType.SESSION_REVOKED])
    assert (changed["description"], changed["events_delivered"]) == ("Feeds", [EventType.SESSION_REVOKED])
    changed = await change(posts, delivery=HOOK)
    assert (changed["delivery"], changed["description"]) == (HOOK, "Feeds")
    changed = await change(posts, delivery={"method": POLL})
    assert changed["delivery"]["endpoint_url"] == f"{IDENTITY_URL}/ssf/streams/{posts.stream_id}/poll"


async def test_patch_can_remove_the_description(identity: Identity) -> None:
    posts = await receiver_with_stream(identity, description="Posts")
    assert "description" not in await change(posts, description=None)


async def test_put_resets_members_that_are_left_out(identity: Identity) -> None:
    posts = await receiver_with_stream(identity, description="Posts", events_requested=[], delivery=HOOK)
    replaced = await change(posts, "PUT")
    assert "description" not in replaced
    assert (replaced["delivery"]["method"], replaced["events_requested"]) == (POLL, SUPPORTED)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_stream_may_be_sent_back_as_it_was_read(identity: Identity, method: str) -> None:
    posts = await receiver(identity)
    created = await posts.create(description="Posts", events_requested=[EventType.ACCOUNT_PURGED])
    assert await change(posts, method, **created) == created


SUPPLIED: dict[str, Any] = {
    "iss": "https://evil.example",
    "aud": "feeds",
    "events_supported": [],
    "events_delivered": [EventType.ACCOUNT_PURGED],
    "min_verification_interval": 0,
    "delivery": {"method": POLL, "endpoint_url": "https://evil.example/poll"},
}


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("member", SUPPLIED)
async def test_members_that_the_transmitter_supplies_must_match(identity: Identity, method: str, member: str) -> None:
    posts = await receiver_with_stream(identity)
    before = await posts.read()
    body = {"stream_id": posts.stream_id, member: SUPPLIED[member], "description": "Changed"}
    ensure_problem(await posts.request(method, STREAMS, body), 400, "transmitter_supplied")
    assert await posts.read() == before


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_unusable_endpoint_changes_nothing(identity: Identity, method: str) -> None:
    posts = await receiver_with_stream(identity, description="Posts")
    before = await posts.read()
    body = {"stream_id": posts.stream_id, "delivery": {**HOOK, "endpoint_url": "http://feeds.example"}}
    ensure_problem(await posts.request(method, STREAMS, body), 400, "unusable_endpoint")
    assert await posts.read() == before


async def test_deleted_stream_is_not_found_and_can_be_created_again(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await posts.verify()
    deleted = await posts.request("DELETE", STREAMS, stream_id=posts.stream_id)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "DELETE"):
        ensure_problem(await posts.request(method, STREAMS, stream_id=posts.stream_id), 404, "stream_not_found")
    await posts.create()
    assert await posts.sets() == {}


async def test_status_is_enabled_until_it_is_set(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    for change_of_status in (
        {"status": "paused", "reason": "moving house"},
        {"status": "disabled"},
        {"status": "enabled"},
    ):
        answer = await posts.request("POST", STATUS, {"stream_id": posts.stream_id, **change_of_status})
        read = await posts.request("GET", STATUS, stream_id=posts.stream_id)
        assert answer.json() == read.json() == {"stream_id": posts.stream_id, **change_of_status}
        assert [one.headers["cache-control"] for one in (answer, read)] == ["no-store"] * 2
    fresh = await posts.request("POST", STATUS, {"stream_id": posts.stream_id, "status": "broken"})
    assert fresh.status_code == 400


@pytest.mark.parametrize("state", [None, 'any words: ünïcödé, 密, "quoted"', " ", "x" * 1_000])
async def test_verification_echoes_its_state(identity: Identity, state: str | None) -> None:
    posts = await receiver_with_stream(identity)
    answer = await posts.verify(**({} if state is None else {"state": state}))
    assert (answer.status_code, answer.content) == (204, b"")
    subject = {"format": "opaque", "id": posts.stream_id}
    assert await posts.events() == [("verification", subject, {} if state is None else {"state": state})]


async def test_verification_need_not_be_requested_as_an_event_type(identity: Identity) -> None:
    posts = await receiver_with_stream(identity, events_requested=[])
    await posts.verify()
    assert await posts.kinds() == ["verification"]


async def test_verifications_need_an_interval(identity_at: Identity, clock: StandingClock) -> None:
    posts = await receiver_with_stream(identity_at)
    assert (await posts.verify()).status_code == 204
    clock.advance(seconds=0.9)
    refused = await posts.verify(state="too early")
    ensure_problem(refused, 429, "verified_too_often")
    assert refused.headers["retry-after"] == "1"
    clock.advance(seconds=0.1)
    assert (await posts.verify(state="in time")).status_code == 204
    assert [summary_of(token)[2] for token in (await posts.sets()).values()] == [{}, {"state": "in time"}]


async def test_disabled_stream_drops_a_verification(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await posts.set_status("disabled")
    assert (await posts.verify()).status_code == 204
    await posts.set_status("enabled")
    assert await posts.sets() == {}


async def test_events_that_were_not_requested_are_not_delivered(identity: Identity) -> None:
    await identity.register("ada")
    posts = await receiver_with_stream(
        identity, events_requested=[EventType.ACCOUNT_ENABLED, "https://schemas.example/unknown"]
    )
    for active in (False, True):
        await Administration(identity.parts).set_active("ada", active)
    assert await posts.kinds() == ["account-enabled"]


@pytest.mark.parametrize("path", [STATUS, STREAMS])
async def test_unknown_stream_is_not_found(identity: Identity, path: str) -> None:
    posts = await receiver_with_stream(identity)
    ensure_problem(await posts.request("GET", path, stream_id=str(uuid4())), 404, "stream_not_found")
