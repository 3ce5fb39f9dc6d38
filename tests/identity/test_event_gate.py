"""Acts that enqueue an event and streams that begin wait for each other: not for long, and for nobody else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events import locking, repository
from identity_service.events.enqueueing import enqueue
from identity_service.events.locking import block_enqueueing
from identity_service.events.models import Stream
from identity_service.events.replay import Replay
from identity_service.recording.cause import by_user
from tests.identity.answers import claims_of
from tests.identity.receivers import (
    KINDS,
    STREAMS,
    Receiver,
    cause_events,
    receiver,
    receiver_with_stream,
    waits_for_acts,
)
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from tests.support.waiting import until
from watchword.database.errors import DatabaseUnavailable
from watchword.events.types import EventType

WAITING = "SELECT claims FROM identity.stream_events"


async def renamed(identity: Identity) -> tuple[UUID, dict[str, str]]:
    """The id of a user whose present name is lovelace, and the header fields that sign them in."""
    token = (await _sign_in(identity))["access_token"]
    answer = await identity.http.patch("/users/me", json={"username": "lovelace"}, headers=bearer(token))
    assert answer.status_code == 200
    return UUID(claims_of(token)["sub"]), bearer(token)


async def _sign_in(identity: Identity) -> dict[str, str]:
    await identity.register("ada")
    return await identity.sign_in("ada", resource=IDENTITY_URL)


async def test_stream_begins_and_ends_while_the_table_of_recent_events_is_vacuumed(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    await cause_events(identity, 2)
    vacuum = await asyncpg.connect(databases.url("identity_owner"))
    async with vacuum.transaction():
        await vacuum.execute("LOCK TABLE identity.recent_events IN SHARE UPDATE EXCLUSIVE MODE")
        posts = await receiver_with_stream(identity)
        assert await posts.kinds() == KINDS
        await posts.set_status("disabled")
    await vacuum.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL ends a transaction of a process that stands still after a second."""
    monkeypatch.setattr(locking, "IDLE_TIMEOUT_SECONDS", 1.0)


@asynccontextmanager
async def standing_still(identity: Identity, step: Callable[[AsyncSession], Awaitable[object]]) -> AsyncIterator[None]:
    """A process stands still within a transaction, after this step of it."""
    with contextlib.suppress(DatabaseUnavailable):
        async with identity.parts.database.begin() as db:
            await step(db)
            yield


@pytest.mark.usefixtures("impatient")
async def test_process_that_stands_still_while_a_stream_begins_holds_up_acts_for_a_moment_only(
    identity: Identity,
) -> None:
    headers = await identity.signed_in("ada")
    async with standing_still(identity, block_enqueueing):
        assert (await identity.http.delete("/sessions/current", headers=headers)).status_code == 204


@pytest.mark.usefixtures("impatient")
async def test_process_that_stands_still_in_an_act_holds_up_streams_for_a_moment_only(identity: Identity) -> None:
    posts = await receiver(identity)

    async def begins() -> bool:
        return (await posts.request("POST", STREAMS, {})).status_code == 201

    async with standing_still(identity, lambda db: enqueue(db, EventType.SESSION_REVOKED, {})):
        await until(begins)


@pytest.mark.usefixtures("impatient")
async def test_process_that_stands_still_with_a_stream_holds_up_its_polls_for_a_moment_only(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)

    async def is_answered() -> bool:
        return (await posts.poll(returnImmediately=False)).status_code == 200

    stream_id = UUID(posts.stream_id)
    async with standing_still(identity, lambda db: repository.find_stream(db, "posts", stream_id, lock=True)):
        await until(is_answered)


@pytest.mark.usefixtures("impatient")
async def test_process_that_stands_still_as_it_takes_an_acknowledgement_holds_up_others_for_a_moment_only(
    identity: Identity,
) -> None:
    posts = await receiver_with_stream(identity)
    await identity.http.delete("/sessions/current", headers=await identity.signed_in("ada"))
    jtis = list(await posts.sets())

    async def take(db: AsyncSession) -> None:
        stream = await db.get_one(Stream, UUID(posts.stream_id))
        await repository.acknowledge(db, stream, list(map(UUID, jtis)), identity.parts.clock.now())

    async with standing_still(identity, take):
        await until(lambda: is_taken(posts, jtis))
    assert await posts.sets() == {}


async def is_taken(posts: Receiver, jtis: list[str]) -> bool:
    return (await posts.poll(ack=jtis, maxEvents=0)).status_code == 200


async def test_stream_that_has_lapsed_is_not_deleted_while_an_act_looks_at_it(
    identity: Identity, databases: Databases
) -> None:
    """Each could wait for what the other has locked."""
    await (await receiver(identity)).create(inactivity_timeout=60)
    await databases.execute("identity_app", "UPDATE identity.streams SET lapses_at = now() - interval '66 minutes'")
    for is_held, left in ((True, 1), (False, 0)):
        async with identity.parts.database.begin() as db:
            if is_held:
                await enqueue(db, EventType.SESSION_REVOKED, {})
            await identity.parts.transmitter.upkeep.work()
        assert len(await databases.fetch("identity_app", "SELECT FROM identity.streams")) == left


async def test_deletion_of_an_account_that_a_stream_waits_for_leaves_no_name_in_it(
    identity: Identity, databases: Databases
) -> None:
    user_id, _ = await renamed(identity)
    posts, parts = await receiver(identity), identity.parts
    async with parts.database.begin() as db:
        await parts.recorder.deleted(db, parts.clock.now(), user_id, by_user(user_id, "account deleted"), before=None)
        creating = asyncio.create_task(posts.create())
        await until(lambda: waits_for_acts(parts.database.dsn))
    await creating
    assert "lovelace" not in str(await databases.fetch("identity_app", WAITING))


async def test_deletion_of_an_account_that_waits_for_a_stream_leaves_no_name_in_it(
    identity: Identity, databases: Databases
) -> None:
    _, headers = await renamed(identity)
    posts, parts = await receiver_with_stream(identity, events_requested=[]), identity.parts
    replay = Replay(parts.database, IDENTITY_URL, parts.lifetimes.access)
    async with parts.database.begin() as db:
        stream = await db.get_one(Stream, UUID(posts.stream_id))
        await replay.begin(db, stream, [EventType.IDENTIFIER_CHANGED])
        deleting = asyncio.create_task(identity.http.delete("/users/me", headers=headers))
        await until(lambda: waits_for_acts(parts.database.dsn))
    assert (await deleting).status_code == 204
    assert "lovelace" not in str(await databases.fetch("identity_app", WAITING))
