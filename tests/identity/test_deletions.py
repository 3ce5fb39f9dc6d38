"""Watching the erasure of an account: its receipt, the services that must erase, and those that have confirmed."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.identity.answers import claims_of, ensure_problem, pointers
from tests.identity.hook import hook
from tests.identity.receivers import PUSH, receiver_with_stream, stranger
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from tests.support.waiting import until
from watchword.testing import StandingClock


async def delete(identity: Identity) -> str:
    """Delete an account, and return the path where its erasure can be watched."""
    headers = await identity.signed_in("ada")
    response = await identity.http.delete("/users/me", headers=headers)
    assert (response.status_code, response.content) == (204, b"")
    return str(response.headers["location"])


async def watch(identity: Identity, location: str) -> list[dict[str, Any]]:
    """The services that must erase, read without a token."""
    response = await identity.http.get(location)
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    assert set(response.json()) == {"deleted_at", "services"}
    return list(response.json()["services"])


async def test_deletion_gives_a_receipt_that_nobody_can_guess(identity: Identity) -> None:
    location = await delete(identity)
    prefix, _, receipt = location.rpartition("/")
    assert (prefix, UUID(receipt).version) == ("/account-deletions", 4)
    assert await watch(identity, location) == []


async def test_receivers_have_confirmed_nothing_before_they_acknowledge(identity: Identity) -> None:
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create()
    services = await watch(identity, location := await delete(identity))
    assert services == [{"service": name, "confirmed_at": None} for name in ("feeds", "posts")]
    for receiver in (posts, feeds):
        await receiver.sets()
    assert await watch(identity, location) == services


async def test_erasure_is_confirmed_by_the_acknowledgement_and_by_nothing_else(
    identity_at: Identity, clock: StandingClock
) -> None:
    posts, feeds = await receiver_with_stream(identity_at), await stranger(identity_at)
    await feeds.create()
    location = await delete(identity_at)
    clock.advance(seconds=5)
    await posts.sets(ack=list(await posts.sets()))
    confirmed = {one["service"]: one["confirmed_at"] for one in await watch(identity_at, location)}
    assert confirmed == {"feeds": None, "posts": clock.now().isoformat().replace("+00:00", "Z")}


async def test_acknowledging_again_does_not_move_the_confirmation(identity_at: Identity, clock: StandingClock) -> None:
    posts = await receiver_with_stream(identity_at)
    location = await delete(identity_at)
    every = list(await posts.sets())
    await posts.sets(ack=every)
    confirmed = await watch(identity_at, location)
    clock.advance(minutes=1)
    await posts.sets(ack=every)
    assert await watch(identity_at, location) == confirmed


async def test_anothers_acknowledgement_confirms_nothing(identity: Identity) -> None:
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create(events_requested=[])
    location = await delete(identity)
    await feeds.sets(ack=list(await posts.sets()))
    assert await watch(identity, location) == [{"service": "posts", "confirmed_at": None}]


async def test_refused_event_confirms_nothing(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    location = await delete(identity)
    (jti,) = await posts.sets()
    assert await posts.sets(setErrs={jti: {"err": "invalid_request"}}) == {}
    assert await watch(identity, location) == [{"service": "posts", "confirmed_at": None}]


@pytest.mark.parametrize(("status", "confirms"), [(202, True), (400, False)])
async def test_pushed_event_confirms_when_it_is_accepted(
    identity: Identity, databases: Databases, status: int, confirms: bool
) -> None:
    async with hook(status) as receiver:
        await receiver_with_stream(identity, delivery={"method": PUSH, "endpoint_url": receiver.url})
        location = await delete(identity)

        async def is_settled() -> bool:
            return await databases.fetch("identity_app", "SELECT FROM identity.stream_events") == []

        await until(lambda: len(receiver.tokens) == 1)
        await until(is_settled)
    (posts,) = await watch(identity, location)
    assert (posts["confirmed_at"] is not None) is confirms


async def test_receiver_that_did_not_request_deletions_is_not_listed(identity: Identity) -> None:
    await receiver_with_stream(identity, events_requested=[])
    assert await watch(identity, await delete(identity)) == []


async def test_deletion_answers_a_waiting_poll(identity: Identity) -> None:
    posts, headers = await receiver_with_stream(identity), await identity.signed_in("ada")
    poll = asyncio.create_task(posts.kinds(returnImmediately=False))
    assert (await identity.http.delete("/users/me", headers=headers)).status_code == 204
    assert await poll == ["account-purged"]


async def test_simultaneous_deletions_are_one_deletion_with_one_receipt(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    headers = await identity.signed_in("ada")
    answers = await asyncio.gather(*(identity.http.delete("/users/me", headers=headers) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {204, 401}
    assert len({answer.headers["location"] for answer in answers if answer.status_code == 204}) == 1
    assert await posts.kinds() == ["account-purged"]


async def test_second_deletion_returns_the_same_receipt(identity: Identity, databases: Databases) -> None:
    location = await delete(identity)
    (row,) = await databases.fetch("identity_app", "SELECT user_id FROM identity.account_deletions")
    parts = identity.parts
    again = await parts.accounts.delete(row["user_id"])
    assert (location, again.act) == (f"/account-deletions/{again.receipt}", None)


async def test_unknown_receipt_is_not_found(identity: Identity) -> None:
    await delete(identity)
    ensure_problem(await identity.http.get(f"/account-deletions/{uuid4()}"), 404, "deletion_not_found")
    assert pointers(await identity.http.get("/account-deletions/nonsense")) == ["/path/receipt"]


async def test_users_id_is_no_receipt(identity: Identity) -> None:
    await identity.register("ada")
    token = (await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"]
    await identity.http.delete("/users/me", headers=bearer(token))
    by_user_id = f"/account-deletions/{claims_of(token)['sub']}"
    ensure_problem(await identity.http.get(by_user_id), 404, "deletion_not_found")
