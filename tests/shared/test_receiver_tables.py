"""The receiver's tables: whose account is purged or disabled, which event is new, and what is deleted when expired."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from posts_service.tables import RECEIVER
from tests.shared.receivers import receiving
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.database import Database
from watchword.database.portions import PORTION
from watchword.events import EventType, ReceivedEvent
from watchword.events.poll_lease import PollLease
from watchword.events.postgres_store import PostgresStore
from watchword.events.store import LEASE_SECONDS, PollLeaseLost
from watchword.tasks import cancel_and_wait

EXPIRED = {
    "revocations": """
        INSERT INTO posts.revocations (kind, key, valid_from, expires_at)
        SELECT 'session', number, 0, now() - interval '1 minute' FROM generate_series(1, $1::integer) number
    """,
    "received_events": """
        INSERT INTO posts.received_events (jti, received_at)
        SELECT number, now() - interval '8 days' FROM generate_series(1, $1::integer) number
    """,
}


@pytest.fixture
async def store(databases: Databases) -> AsyncIterator[PostgresStore]:
    """The store of a process that has the poll lease."""
    await databases.empty("posts")
    database = Database(databases.url("posts_app"), size=1)
    store = PostgresStore(database, RECEIVER, "https://issuer.example")
    assert await store.take_poll_lease()
    yield store
    await store.leave()
    await database.close()


async def is_purged(store: PostgresStore, subject: str) -> bool:
    async with store.database.begin() as db:
        return bool(await db.scalar(select(RECEIVER.is_purged(subject))))


def event(jti: str = "jti") -> ReceivedEvent:
    return ReceivedEvent(jti, EventType.ACCOUNT_PURGED, "ada", None, {}, datetime.now(UTC))


async def revoke(store: PostgresStore, kind: Kind, key: str) -> None:
    expires_at = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    await store.take(event(f"{kind} {key}"), Revocation(kind, key, FOR_EVER, expires_at), has_effect=False)


async def test_account_is_purged_from_the_commit_of_its_event_on(store: PostgresStore) -> None:
    assert not await is_purged(store, "ada")
    await revoke(store, Kind.PURGED, "ada")
    assert await is_purged(store, "ada")
    assert not await is_purged(store, "grace")


@pytest.mark.parametrize("kind", [Kind.SESSION, Kind.CLAIMS, Kind.DISABLED])
async def test_account_that_is_revoked_for_another_reason_is_not_purged(store: PostgresStore, kind: Kind) -> None:
    await revoke(store, kind, "ada")
    assert not await is_purged(store, "ada")


async def test_account_is_purged_until_its_revocation_is_deleted(store: PostgresStore, databases: Databases) -> None:
    await revoke(store, Kind.PURGED, "ada")
    await store.delete_expired(datetime.now(UTC))
    assert await is_purged(store, "ada")
    await databases.execute("posts_app", "UPDATE posts.revocations SET expires_at = now()")
    await store.delete_expired(datetime.now(UTC))
    assert not await is_purged(store, "ada")


async def is_disabled(store: PostgresStore, subject: str) -> bool | None:
    async with store.database.begin() as db:
        answer: bool | None = await db.scalar(select(RECEIVER.is_disabled(subject)))
        return answer


async def test_account_is_disabled_as_the_latest_event_about_it_says(store: PostgresStore) -> None:
    expires_at = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    assert await is_disabled(store, "ada") is None
    for version, valid_from, expected in (
        (1, FOR_EVER, True),
        (4, 0, False),
        (3, FOR_EVER, False),
        (5, FOR_EVER, True),
    ):
        revocation = Revocation(Kind.DISABLED, "ada", valid_from, expires_at, version)
        await store.take(event(f"version {version}"), revocation, has_effect=False)
        assert await is_disabled(store, "ada") is expected
    assert await is_disabled(store, "grace") is None


@pytest.mark.parametrize("kind", [Kind.SESSION, Kind.CLAIMS, Kind.PURGED])
async def test_account_that_is_revoked_for_another_reason_is_not_disabled(store: PostgresStore, kind: Kind) -> None:
    await revoke(store, kind, "ada")
    assert await is_disabled(store, "ada") is None


async def test_nothing_is_known_of_an_account_whose_tokens_have_expired_since(
    store: PostgresStore, databases: Databases
) -> None:
    await revoke(store, Kind.DISABLED, "ada")
    await databases.execute("posts_app", "UPDATE posts.revocations SET expires_at = now()")
    assert await is_disabled(store, "ada") is None


@pytest.mark.parametrize("hours", [-2, 2])
async def test_clock_that_is_wrong_deletes_nothing_that_others_still_need(
    store: PostgresStore, databases: Databases, hours: int
) -> None:
    await revoke(store, Kind.PURGED, "ada")
    if hours < 0:
        await databases.execute("posts_app", "UPDATE posts.revocations SET expires_at = now() - interval '1 hour'")
    await store.delete_expired(datetime.now(UTC) + timedelta(hours=hours))
    assert await is_purged(store, "ada")


async def test_event_is_new_once_and_each_transaction_has_a_position(store: PostgresStore) -> None:
    first, again, other = [await store.take(event(jti), None, has_effect=False) for jti in ("a", "a", "b")]
    assert [taken.is_new for taken in (first, again, other)] == [True, False, True]
    assert first.position < again.position < other.position


async def test_event_is_pending_until_its_effect_has_happened_and_that_happens_once(store: PostgresStore) -> None:
    happened: list[str] = []

    async def effect(_: AsyncSession, received: ReceivedEvent) -> None:
        happened.append(received.jti)

    assert (await store.take(event(), None, has_effect=True)).is_pending
    assert (await store.take(event(), None, has_effect=True)).is_pending
    for _ in range(2):
        await store.carry_out(event(), effect)
    assert not (await store.take(event(), None, has_effect=True)).is_pending
    assert happened == ["jti"]


async def test_event_is_pending_between_the_parts_of_its_effect(store: PostgresStore) -> None:
    parts = [True, True, None]

    async def effect(_: AsyncSession, __: ReceivedEvent) -> bool | None:
        return parts.pop(0)

    # Also if the effect begins before the store has noted that there is one.
    for _ in range(2):
        assert await store.carry_out(event(), effect)
        assert (await store.take(event(), None, has_effect=True)).is_pending
    for _ in range(2):
        assert not await store.carry_out(event(), effect)
        assert not (await store.take(event(), None, has_effect=True)).is_pending


async def test_process_without_a_valid_lease_writes_nothing(store: PostgresStore, databases: Databases) -> None:
    await databases.execute("posts_app", "UPDATE posts.poll_lease SET valid_until = now()")
    with pytest.raises(PollLeaseLost):
        await revoke(store, Kind.PURGED, "ada")
    with pytest.raises(PollLeaseLost):
        await store.note_contact(None, age_seconds=0, has_more=False, left_nothing=True)
    with pytest.raises(PollLeaseLost):
        await store.assign_positions()
    assert not await is_purged(store, "ada")
    tables = ("received_events", "revocations", "transmitter_contact")
    assert [await count(databases, table) for table in tables] == [0, 0, 0]


async def test_poll_lease_belongs_to_one_process_until_it_has_run_out(
    store: PostgresStore, databases: Databases
) -> None:
    other = PostgresStore(store.database, RECEIVER, store.issuer)
    assert 0 < await other.seconds_until_free() <= LEASE_SECONDS
    assert not await other.take_poll_lease()
    assert await store.renew_poll_lease()
    await databases.execute("posts_app", "UPDATE posts.poll_lease SET valid_until = now()")
    assert await other.take_poll_lease()
    assert not await store.renew_poll_lease()
    await store.release_poll_lease()
    assert await other.renew_poll_lease()
    await other.release_poll_lease()
    assert await other.seconds_until_free() <= 0
    await other.leave()


async def test_lease_that_outlasts_every_lease_is_free(store: PostgresStore, databases: Databases) -> None:
    """The clock of the database was put back, and its holder has died since."""
    await databases.execute("posts_app", "UPDATE posts.poll_lease SET valid_until = now() + interval '1 hour'")
    other = PostgresStore(store.database, RECEIVER, store.issuer)
    assert await other.seconds_until_free() == 0
    assert await other.take_poll_lease()
    assert not await store.renew_poll_lease()
    assert 0 < await store.seconds_until_free() <= LEASE_SECONDS
    await other.leave()


async def test_flood_of_notifications_makes_nobody_ask_for_the_lease_without_a_pause(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.events.poll_lease.PAUSE_SECONDS", 0.1)
    other = PostgresStore(store.database, RECEIVER, store.issuer)
    lease, times = PollLease(other, lambda: False), list[float]()
    holding = asyncio.create_task(
        lease.hold(asyncio.Event().wait, on_other_holder=lambda: times.append(time.monotonic()))
    )
    while len(times) < 4:
        lease.note_free()
        assert await store.renew_poll_lease()
    await cancel_and_wait([holding])
    assert all(later - earlier >= 0.09 for earlier, later in pairwise(times))
    await other.leave()


async def test_positions_go_on_where_others_ended_whatever_the_clock_says(
    store: PostgresStore, databases: Databases
) -> None:
    await revoke(store, Kind.SESSION, "s")
    ahead = "UPDATE posts.revocations SET position = position + 10 ^ 12 RETURNING position"
    ((position,),) = await databases.fetch("posts_app", ahead)
    await databases.execute("posts_app", "DELETE FROM posts.poll_lease")
    assert await store.take_poll_lease()
    assert (await store.take(event(), None, has_effect=False)).position == position + 1


async def count(databases: Databases, table: str) -> int:
    ((number,),) = await databases.fetch("posts_app", f"SELECT count(*) FROM posts.{table}")  # noqa: S608
    return int(number)


@pytest.mark.parametrize(("table", "fill"), EXPIRED.items(), ids=EXPIRED.keys())
async def test_what_has_expired_is_deleted_in_portions(
    store: PostgresStore, databases: Databases, table: str, fill: str
) -> None:
    await databases.execute("posts_app", fill, PORTION + 1)
    assert await store.delete_expired(datetime.now(UTC))
    assert await count(databases, table) == 1
    assert not await store.delete_expired(datetime.now(UTC))
    assert await count(databases, table) == 0


@pytest.mark.usefixtures("store")
async def test_receiver_deletes_portion_after_portion_while_it_polls(
    databases: Databases, transmitter: Transmitter
) -> None:
    await databases.execute("posts_app", EXPIRED["revocations"], 2 * PORTION + 1)

    async def is_empty() -> bool:
        return await count(databases, "revocations") == 0

    async with receiving(databases, transmitter):
        await until(is_empty)
