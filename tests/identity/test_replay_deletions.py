"""Every deletion of an account is replayed into a stream that begins, and its receiver must confirm it."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from identity_service.events import replay
from tests.identity.answers import claims_of
from tests.identity.receivers import STREAMS, Receiver, process_of, receiver_with_stream, stranger
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.database.errors import DatabaseUnavailable
from watchword.events.types import EventType

LONG_AGO = (
    "INSERT INTO identity.account_deletions (user_id, deleted_at) SELECT unnest($1::uuid[]), now() - interval '1 year'"
)
DAYS_AGO = (
    "INSERT INTO identity.account_deletions (user_id, deleted_at) VALUES ($1, now() - interval '1 day' * (1 + $2::int))"
)
WAITING = "SELECT type, is_history FROM identity.stream_events"
UNFINISHED = "SELECT FROM identity.streams WHERE deletions_before IS NOT NULL"


async def delete(identity: Identity, name: str = "ada") -> str:
    """Delete an account, and return the path where its erasure can be watched."""
    response = await identity.http.delete("/users/me", headers=await identity.signed_in(name))
    assert response.status_code == 204
    return str(response.headers["location"])


async def watch(identity: Identity, location: str) -> dict[str, bool]:
    """Whether each service has confirmed."""
    services = (await identity.http.get(location)).json()["services"]
    return {one["service"]: one["confirmed_at"] is not None for one in services}


async def test_new_receiver_is_told_of_every_deletion_and_must_confirm_it(
    identity: Identity, databases: Databases
) -> None:
    location, old = await delete(identity), [uuid4() for _ in range(3)]
    await databases.execute("identity_app", LONG_AGO, old)
    assert await watch(identity, location) == {}
    posts = await receiver_with_stream(identity)
    assert await watch(identity, location) == {"posts": False}
    sets = await posts.sets()
    subjects = [claims_of(token)["sub_id"]["sub"] for token in sets.values()]
    assert set(subjects[1:]) == set(map(str, old))
    await posts.sets(ack=list(sets))
    assert await watch(identity, location) == {"posts": True}


async def test_old_deletions_come_after_what_happens_now(identity: Identity, databases: Databases) -> None:
    await databases.execute("identity_app", LONG_AGO, [uuid4() for _ in range(3)])
    posts = await receiver_with_stream(identity)
    await identity.http.delete("/sessions/current", headers=await identity.signed_in("ada"))
    assert await posts.kinds(maxEvents=2) == ["session-revoked", "account-purged"]


async def test_replayed_deletion_says_when_it_happened(identity: Identity, databases: Databases) -> None:
    await delete(identity)
    ((deleted_at,),) = await databases.fetch("identity_app", "SELECT deleted_at FROM identity.account_deletions")
    (token,) = (await (await receiver_with_stream(identity)).sets()).values()
    claims = claims_of(token)
    assert claims["events"] == {EventType.ACCOUNT_PURGED: {"happened_at": deleted_at.timestamp()}}
    assert claims["toe"] == int(deleted_at.timestamp())


async def test_deletion_while_a_stream_is_disabled_is_on_the_receipt_at_once(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await posts.set_status("disabled")
    location = await delete(identity)
    assert await watch(identity, location) == {"posts": False}
    await posts.set_status("enabled")
    await posts.acknowledge()
    assert await watch(identity, location) == {"posts": True}


async def test_confirmation_outlasts_the_stream_that_is_made_anew(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    location = await delete(identity)
    await posts.acknowledge()
    assert (await posts.request("DELETE", STREAMS, stream_id=posts.stream_id)).status_code == 204
    await posts.create()
    assert await posts.kinds() == ["account-purged"]
    assert await watch(identity, location) == {"posts": True}


async def test_stream_that_did_not_request_deletions_is_told_of_them_when_it_does(identity: Identity) -> None:
    posts = await receiver_with_stream(identity, events_requested=[])
    location = await delete(identity)
    assert await watch(identity, location) == {}
    body = {"stream_id": posts.stream_id, "events_requested": [EventType.ACCOUNT_PURGED]}
    assert (await posts.request("PATCH", STREAMS, body)).status_code == 200
    assert await posts.kinds() == ["account-purged"]
    assert await watch(identity, location) == {"posts": False}


async def test_stream_without_deletions_gets_none(identity: Identity) -> None:
    location = await delete(identity)
    posts = await receiver_with_stream(identity, events_requested=[EventType.SESSION_REVOKED])
    assert await posts.sets() == {}
    assert await watch(identity, location) == {}


async def test_process_is_told_of_recent_deletions_alone_and_is_on_no_receipt(
    identity: Identity, databases: Databases
) -> None:
    location = await delete(identity)
    await databases.execute("identity_app", LONG_AGO, [uuid4() for _ in range(3)])
    process = await process_of(identity)
    assert await process.kinds() == ["account-purged"]
    assert await watch(identity, location) == {}


async def test_process_confirms_a_deletion_for_a_service_without_a_durable_stream(identity: Identity) -> None:
    process = await process_of(identity)
    location = await delete(identity)
    assert await watch(identity, location) == {"posts": False}
    await process.acknowledge()
    assert await watch(identity, location) == {"posts": True}


async def test_process_does_not_confirm_for_a_service_with_a_durable_stream(identity: Identity) -> None:
    posts, process = await receiver_with_stream(identity), await process_of(identity)
    location = await delete(identity)
    await process.acknowledge()
    assert await watch(identity, location) == {"posts": False}
    await posts.acknowledge()
    assert await watch(identity, location) == {"posts": True}


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11])
async def test_deletions_are_put_into_the_stream_in_portions(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(replay, "PORTION", 5)
    ids = [uuid4() for _ in range(count)]
    for number, user_id in enumerate(ids):
        await databases.execute("identity_app", DAYS_AGO, user_id, number)
    posts = await receiver_with_stream(identity)
    assert await subjects_of(posts) == list(map(str, ids))
    assert await databases.fetch("identity_app", UNFINISHED) == []


async def test_deletions_of_one_instant_are_all_replayed(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "PORTION", 5)
    ids = [uuid4() for _ in range(12)]
    await databases.execute("identity_app", LONG_AGO, ids)
    assert set(await subjects_of(await receiver_with_stream(identity))) == set(map(str, ids))


async def test_replay_that_a_process_left_unfinished_is_finished_by_another(
    identity: Identity, databases: Databases
) -> None:
    posts = await receiver_with_stream(identity)
    await databases.execute("identity_app", LONG_AGO, [uuid4() for _ in range(3)])
    await databases.execute("identity_app", "UPDATE identity.streams SET deletions_before = now()")
    await identity.parts.transmitter.upkeep.work()
    assert await posts.kinds() == ["account-purged"] * 3


async def test_stream_is_made_although_its_deletions_cannot_be_put_into_it_yet(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    await databases.execute("identity_app", LONG_AGO, [uuid4() for _ in range(3)])

    async def fail(*_: object) -> None:
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(replay.Replay, "add_deletions", fail)
        posts = await receiver_with_stream(identity)
    await identity.parts.transmitter.upkeep.work()
    assert await posts.kinds() == ["account-purged"] * 3


async def test_disabled_stream_ends_its_replay(identity: Identity, databases: Databases) -> None:
    posts, feeds = await receiver_with_stream(identity), await stranger(identity)
    await feeds.create()
    await databases.execute("identity_app", LONG_AGO, [uuid4() for _ in range(3)])
    await databases.execute("identity_app", "UPDATE identity.streams SET deletions_before = now()")
    await posts.set_status("disabled")
    await identity.parts.transmitter.upkeep.work()
    assert len(await feeds.kinds()) == 3
    rows = await databases.fetch("identity_app", "SELECT client_id FROM identity.deletion_confirmations")
    assert {row["client_id"] for row in rows} == {"feeds"}


async def subjects_of(posts: Receiver) -> list[str]:
    tokens: list[Any] = list((await posts.sets()).values())
    return [str(UUID(claims_of(token)["sub_id"]["sub"])) for token in tokens]
