"""Administrators see how far behind receivers are, and pause, disable and enable their streams."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.events import lag
from tests.admin.answers import flaws_of, refusal_of
from tests.admin.audit import entries_of
from tests.identity.receivers import LAPSE, Receiver, receiver_with_stream, stranger
from tests.support.databases import Databases
from tests.support.services import Identity

Headers = dict[str, str]
CHANGED = "stream.status_changed"


@pytest.fixture
async def receiver(identity: Identity) -> Receiver:
    return await receiver_with_stream(identity)


async def read(identity: Identity, grace: Headers, receiver: Receiver) -> httpx.Response:
    answer = await identity.http.get(f"/admin/streams/{receiver.stream_id}", headers=grace)
    assert answer.status_code == 200, answer.text
    return answer


async def change(identity: Identity, headers: Headers, receiver: Receiver, **body: Any) -> httpx.Response:
    return await identity.http.patch(f"/admin/streams/{receiver.stream_id}", json=body, headers=headers)


async def happen(identity: Identity, *names: str) -> None:
    """Disable accounts of these names: an event each."""
    for name in names:
        await identity.register(name)
        await Administration(identity.parts).set_active(name, False)


async def test_stream_shows_what_waits_in_it_and_when_it_was_polled(
    identity: Identity, grace: Headers, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (await read(identity, grace, receiver)).json()
    assert (before["client_id"], before["status"], before["polled_at"]) == ("posts", "enabled", None)
    assert (before["events_waiting"], before["oldest_seconds"]) == (0, None)
    await happen(identity, "ada", "eve")
    behind = (await read(identity, grace, receiver)).json()
    assert (behind["events_waiting"], behind["oldest_seconds"] >= 0) == (2, True)
    await receiver.poll()
    assert (await read(identity, grace, receiver)).json()["polled_at"] is not None


async def test_poll_that_waits_is_noted_too(identity: Identity, grace: Headers, receiver: Receiver) -> None:
    await happen(identity, "ada")
    await receiver.poll(returnImmediately=False)
    assert (await read(identity, grace, receiver)).json()["polled_at"] is not None


async def test_list_has_the_streams_of_all_receivers_in_pages(
    identity: Identity, grace: Headers, receiver: Receiver
) -> None:
    other = await stranger(identity)
    await other.create(inactivity_timeout=60)
    first = (await identity.http.get("/admin/streams", params={"limit": 1}, headers=grace)).json()
    assert [item["id"] for item in first["items"]] == [receiver.stream_id]
    query = {"limit": 1, "cursor": first["next"]}
    last = (await identity.http.get("/admin/streams", params=query, headers=grace)).json()
    assert ([item["id"] for item in last["items"]], last["next"]) == ([other.stream_id], None)
    assert last["items"][0]["lapses_at"] is not None


async def test_paused_stream_keeps_its_events_and_its_receiver_sees_why(
    identity: Identity, grace: Headers, receiver: Receiver, databases: Databases
) -> None:
    headers = grace | {"If-Match": (await read(identity, grace, receiver)).headers["ETag"]}
    answer = await change(identity, headers, receiver, status="paused", reason="Maintenance")
    assert (answer.status_code, answer.json()["status"]) == (200, "paused")
    assert answer.headers["ETag"] == (await read(identity, grace, receiver)).headers["ETag"] != headers["If-Match"]
    await happen(identity, "ada")
    assert await receiver.sets() == {}
    status = (await receiver.request("GET", "/ssf/streams/status", stream_id=receiver.stream_id)).json()
    assert (status["status"], status["reason"]) == ("paused", "Maintenance")
    await change(identity, grace | {"If-Match": "*"}, receiver, status="enabled")
    assert len(await receiver.sets()) == 1
    before = {"status": "enabled", "reason": None}
    paused = {"status": "paused", "reason": "Maintenance"}
    assert await entries_of(databases, CHANGED) == [
        (receiver.stream_id, CHANGED, before, paused),
        (receiver.stream_id, CHANGED, paused, before),
    ]


async def test_disabled_stream_drops_its_events_and_doing_it_twice_has_no_further_effect(
    identity: Identity, grace: Headers, receiver: Receiver, databases: Databases
) -> None:
    await happen(identity, "ada")
    for _ in range(2):
        answer = await change(identity, grace | {"If-Match": "*"}, receiver, status="disabled")
        assert (answer.status_code, answer.json()["events_waiting"]) == (200, 0)
    assert len(await entries_of(databases, CHANGED)) == 1


async def test_change_needs_the_tag_of_what_is_there(identity: Identity, grace: Headers, receiver: Receiver) -> None:
    tag = (await read(identity, grace, receiver)).headers["ETag"]
    assert refusal_of(await change(identity, grace, receiver, status="paused"))[0] == 428
    await receiver.set_status("paused")
    assert refusal_of(await change(identity, grace | {"If-Match": tag}, receiver, status="disabled"))[0] == 412
    assert (await read(identity, grace, receiver)).json()["status"] == "paused"
    path, unchanged = f"/admin/streams/{receiver.stream_id}", {"If-None-Match": "*"}
    assert (await identity.http.get(path, headers=grace | unchanged)).status_code == 304


async def test_events_do_not_change_the_tag(identity: Identity, grace: Headers, receiver: Receiver) -> None:
    tag = (await read(identity, grace, receiver)).headers["ETag"]
    await happen(identity, "ada")
    await receiver.poll()
    assert (await read(identity, grace, receiver)).headers["ETag"] == tag


async def test_stream_that_is_not_there_or_has_lapsed_cannot_be_changed(
    identity: Identity, grace: Headers, databases: Databases
) -> None:
    other = await stranger(identity)
    await other.create(inactivity_timeout=60)
    await databases.execute("identity_app", LAPSE)
    for stream in (other, Receiver(identity.http, {}, str(uuid4()))):
        answer = await change(identity, grace | {"If-Match": "*"}, stream, status="paused")
        assert refusal_of(answer) == (404, "stream_not_found")


@pytest.mark.parametrize(
    "body",
    [{}, {"status": None}, {"status": "lost"}, {"status": "paused", "reason": None}, {"status": "paused", "more": 1}],
    ids=str,
)
async def test_what_can_be_no_change_is_refused(
    identity: Identity, grace: Headers, receiver: Receiver, body: dict[str, Any]
) -> None:
    answer = await change(identity, grace | {"If-Match": "*"}, receiver, **body)
    assert flaws_of(answer)[0][0].startswith("/body")


async def test_no_more_events_are_counted_than_the_bound(
    identity: Identity, grace: Headers, receiver: Receiver, databases: Databases
) -> None:
    insert = """
        INSERT INTO identity.stream_events (stream_id, type, claims)
        SELECT id, 'x', '{}' FROM identity.streams, generate_series(1, 1100)
    """
    await databases.execute("identity_app", insert)
    assert (await read(identity, grace, receiver)).json()["events_waiting"] == lag.MAX_COUNTED
