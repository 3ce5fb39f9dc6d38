"""Pushing events (RFC 8935): one per request, in order, tried again with growing pauses until it is taken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from sqlalchemy import text

from identity_service.app import create_app
from identity_service.parts import assemble
from tests.identity.answers import claims_of
from tests.identity.hook import hook
from tests.identity.receivers import KINDS, POLL, PUSH, Receiver, cause_events, receiver_with_stream
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity
from watchword.testing import StandingClock

SECRET = "Bearer a secret of the receiver"
STREAM = "SELECT failed_pushes, next_push_at, sealed_push_authorization FROM identity.streams"


@pytest.fixture
async def foreground(clean_databases: Databases, clock: StandingClock) -> AsyncIterator[Identity]:
    """The service without its background work, so that only `push` pushes."""
    async with services.identity(clean_databases, clock=clock) as prepared:
        await prepared.register("ada")
    parts = assemble(prepared.parts.settings, clock)
    app = create_app(parts)
    await parts.keyring.check()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=IDENTITY_URL) as http:
        yield Identity(parts, app, http)
    parts.passwords.stop()
    await parts.database.close()


async def pushed_to(identity: Identity, url: str) -> Receiver:
    """Posts, with two events to be pushed to this URL."""
    delivery = {"method": PUSH, "endpoint_url": url, "authorization_header": SECRET}
    posts = await receiver_with_stream(identity, delivery=delivery)
    await cause_events(identity)
    return posts


async def push(identity: Identity) -> int:
    """Push until no stream is due, and return the number of tries."""
    tried = 0
    async with identity.parts.transmitter.pusher.client() as http:
        while await identity.parts.transmitter.pusher.push_one(http):
            tried += 1
    return tried


async def waiting(databases: Databases) -> int:
    return len(await databases.fetch("identity_app", "SELECT FROM identity.stream_events"))


async def test_event_is_posted_with_its_type_and_the_receivers_authorization(foreground: Identity) -> None:
    async with hook() as receiver:
        await pushed_to(foreground, receiver.url)
        await push(foreground)
    head = receiver.heads[0].split("\r\n")
    assert head[0] == "POST /events HTTP/1.1"
    assert {"content-type: application/secevent+jwt", "accept: application/json"} <= {line.lower() for line in head}
    assert f"Authorization: {SECRET}" in head
    claims = claims_of(receiver.tokens[0])
    assert (claims["iss"], claims["aud"], claims["sub_id"]["format"]) == (IDENTITY_URL, "posts", "iss_sub")


@pytest.mark.parametrize("status", [202, 400])
async def test_accepted_and_refused_events_are_not_sent_again(
    foreground: Identity, databases: Databases, status: int
) -> None:
    async with hook(status, status) as receiver:
        await pushed_to(foreground, receiver.url)
        assert await push(foreground) == 2
        assert await push(foreground) == 0
    assert receiver.kinds() == KINDS
    assert await waiting(databases) == 0


async def test_push_waits_for_no_act_that_enqueues_an_event(foreground: Identity, databases: Databases) -> None:
    async with hook() as receiver:
        await pushed_to(foreground, receiver.url)
        async with foreground.parts.database.begin() as db:
            await db.execute(text("SELECT FROM identity.streams FOR KEY SHARE"))
            assert await push(foreground) == 2
    assert await waiting(databases) == 0


async def test_refused_event_is_audited(foreground: Identity, databases: Databases) -> None:
    async with hook(400) as receiver:
        await pushed_to(foreground, receiver.url)
        await push(foreground)
    rows = await databases.fetch("identity_app", "SELECT * FROM identity.audit_entries WHERE action = 'event.refused'")
    assert [(row["actor"], row["subject"]) for row in rows] == [("posts", claims_of(receiver.tokens[0])["jti"])]


@pytest.mark.parametrize("status", [0, 200, 204, 302, 401, 404, 429, 500, 503])
async def test_any_other_answer_is_tried_again_after_what_has_not_been_sent(
    foreground: Identity, databases: Databases, clock: StandingClock, status: int
) -> None:
    async with hook(status) as receiver:
        await pushed_to(foreground, receiver.url)
        assert (await push(foreground), await waiting(databases)) == (1, 2)
        clock.advance(seconds=1)
        assert (await push(foreground), await waiting(databases)) == (2, 0)
    assert receiver.kinds() == [*KINDS, KINDS[0]]
    assert receiver.tokens[0] == receiver.tokens[2]


async def test_pauses_grow_and_a_success_resets_them(
    foreground: Identity, databases: Databases, clock: StandingClock
) -> None:
    async with hook(*[500] * 12) as receiver:
        await pushed_to(foreground, receiver.url)
        pauses = []
        for _ in range(12):
            assert await push(foreground) == 1
            (stream,) = await databases.fetch("identity_app", STREAM)
            pauses.append((stream["next_push_at"] - clock.now()).total_seconds())
            clock.advance(seconds=pauses[-1] - 0.001)
            assert await push(foreground) == 0
            clock.advance(seconds=0.001)
        assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
        assert await push(foreground) == 2
    (stream,) = await databases.fetch("identity_app", STREAM)
    assert (stream["failed_pushes"], stream["next_push_at"]) == (0, None)


UNREACHABLE = {
    "refused connection": "http://127.0.0.1:1/events",
    "unknown name": "https://nobody.invalid/events",
    "impossible name": f"https://{'x' * 70}.invalid/events",
}


@pytest.mark.parametrize("url", UNREACHABLE.values(), ids=UNREACHABLE.keys())
async def test_unreachable_receiver_is_tried_again(foreground: Identity, databases: Databases, url: str) -> None:
    await pushed_to(foreground, url)
    assert await push(foreground) == 1
    (stream,) = await databases.fetch("identity_app", STREAM)
    assert (stream["failed_pushes"], await waiting(databases)) == (1, 2)


async def test_receiver_that_does_not_answer_in_time_is_tried_again(foreground: Identity, databases: Databases) -> None:
    def time_out(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("silence", request=request)

    await pushed_to(foreground, "https://feeds.invalid/events")
    async with httpx.AsyncClient(transport=httpx.MockTransport(time_out)) as http:
        assert await foreground.parts.transmitter.pusher.push_one(http)
        assert not await foreground.parts.transmitter.pusher.push_one(http)
    (stream,) = await databases.fetch("identity_app", STREAM)
    assert (stream["failed_pushes"], await waiting(databases)) == (1, 2)


async def test_pusher_that_finds_nothing_to_push_takes_no_connection_of_transactions(foreground: Identity) -> None:
    database = foreground.parts.database
    async with AsyncExitStack() as transactions:
        for _ in range(database.pools()["transactions"].size):
            db = await transactions.enter_async_context(database.begin())
            await db.execute(text("SELECT 1"))
        assert await push(foreground) == 0


async def test_two_pushers_at_once_deliver_each_event_once(foreground: Identity, databases: Databases) -> None:
    async with hook() as receiver:
        await pushed_to(foreground, receiver.url)
        for _ in KINDS:
            await asyncio.gather(*(push(foreground) for _ in range(4)))
    assert receiver.kinds() == KINDS


@pytest.mark.parametrize("status", ["paused", "disabled"])
async def test_stream_that_is_not_enabled_is_not_pushed(foreground: Identity, status: str) -> None:
    async with hook() as receiver:
        posts = await pushed_to(foreground, receiver.url)
        await posts.set_status(status)
        assert await push(foreground) == 0
        assert receiver.kinds() == []
        await posts.set_status("enabled")
        await push(foreground)
    assert receiver.kinds() == KINDS


async def test_receivers_secret_is_in_no_table_and_in_no_answer(foreground: Identity, databases: Databases) -> None:
    posts = await pushed_to(foreground, "https://feeds.invalid/events")
    rows = await databases.fetch("identity_owner", "SELECT * FROM identity.streams")
    assert SECRET.encode() not in bytes(rows[0]["sealed_push_authorization"])
    assert SECRET not in str(rows) + str(await posts.read())


async def test_stream_that_changes_to_polling_keeps_its_events_but_not_the_secret(
    foreground: Identity, databases: Databases
) -> None:
    posts = await pushed_to(foreground, "https://feeds.invalid/events")
    await posts.request("PATCH", "/ssf/streams", {"stream_id": posts.stream_id, "delivery": {"method": POLL}})
    assert await posts.kinds() == KINDS
    assert (await databases.fetch("identity_app", STREAM))[0]["sealed_push_authorization"] is None
