"""The receiver's tables: whether an account is purged, which event is new, and what is deleted when it has expired."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from posts_service.tables import RECEIVER
from tests.shared.receivers import receiving
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.database import Database
from watchword.database.portions import PORTION
from watchword.events.store import Store

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
async def store(databases: Databases) -> AsyncIterator[Store]:
    await databases.empty("posts")
    database = Database(databases.url("posts_app"), size=1)
    yield Store(database, RECEIVER)
    await database.close()


async def is_purged(store: Store, subject: str) -> bool:
    async with store.database.begin() as db:
        return bool(await db.scalar(select(RECEIVER.is_purged(subject))))


async def revoke(store: Store, kind: Kind, key: str) -> None:
    expires_at = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    async with store.database.begin() as db:
        await store.revoke(db, Revocation(kind, key, FOR_EVER, expires_at))


async def test_account_is_purged_from_the_commit_of_its_event_on(store: Store) -> None:
    assert not await is_purged(store, "ada")
    await revoke(store, Kind.PURGED, "ada")
    assert await is_purged(store, "ada")
    assert not await is_purged(store, "grace")


@pytest.mark.parametrize("kind", [Kind.SESSION, Kind.CLAIMS, Kind.DISABLED])
async def test_account_that_is_revoked_for_another_reason_is_not_purged(store: Store, kind: Kind) -> None:
    await revoke(store, kind, "ada")
    assert not await is_purged(store, "ada")


async def test_account_is_purged_until_its_revocation_is_deleted(store: Store) -> None:
    await revoke(store, Kind.PURGED, "ada")
    await store.delete_expired(datetime.now(UTC))
    assert await is_purged(store, "ada")
    await store.delete_expired(datetime.now(UTC) + timedelta(hours=2))
    assert not await is_purged(store, "ada")


async def test_event_is_new_once(store: Store) -> None:
    async with store.database.begin() as db:
        assert await store.insert_received(db, "jti")
        assert not await store.insert_received(db, "jti")
    async with store.database.begin() as db:
        assert not await store.insert_received(db, "jti")


async def count(databases: Databases, table: str) -> int:
    ((number,),) = await databases.fetch("posts_app", f"SELECT count(*) FROM posts.{table}")  # noqa: S608
    return int(number)


@pytest.mark.parametrize(("table", "fill"), EXPIRED.items(), ids=EXPIRED.keys())
async def test_what_has_expired_is_deleted_in_portions(
    store: Store, databases: Databases, table: str, fill: str
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
