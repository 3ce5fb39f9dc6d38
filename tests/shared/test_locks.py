"""Advisory locks: the same name is the same lock, in whichever way it is taken."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tests.shared.tables import Begin, each_transaction, until_backends
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database import Database
from watchword.database.locks import lock, lock_shared, try_lock_connection

NAME = "a test's lock"
WAITING = "wait_event = 'advisory'"


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    database = Database(databases.url("posts_app"), size=3)
    yield database
    await database.close()


@pytest.fixture
async def engine(databases: Databases) -> AsyncIterator[AsyncEngine]:
    """Makes a connection for each use, as migrations do."""
    url = databases.url("posts_app").replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(url, poolclass=NullPool)
    yield engine
    await engine.dispose()


async def take(database: Database, order: list[str], label: str, *, shared: bool = False) -> None:
    """Take the lock in a transaction of its own, and note that it was taken."""
    async with database.begin() as db:
        await (lock_shared if shared else lock)(db, NAME)
        order.append(label)


@each_transaction
async def test_lock_waits_until_the_transaction_that_holds_it_ends(
    database: Database, databases: Databases, begin: Begin
) -> None:
    order: list[str] = []
    async with begin(database) as db:
        await lock(db, NAME)
        second = asyncio.create_task(take(database, order, "second"))
        await until_backends(databases, 1, WAITING)
        order.append("first")
    await second
    assert order == ["first", "second"]


@each_transaction
async def test_shared_locks_are_held_together_and_an_exclusive_one_waits_for_them(
    database: Database, databases: Databases, begin: Begin
) -> None:
    order: list[str] = []
    async with begin(database) as db:
        await lock_shared(db, NAME)
        await take(database, order, "shared", shared=True)
        exclusive = asyncio.create_task(take(database, order, "exclusive"))
        await until_backends(databases, 1, WAITING)
        order.append("first")
    await exclusive
    assert order == ["shared", "first", "exclusive"]


async def test_lock_of_a_connection_is_tried_and_ends_with_the_connection(engine: AsyncEngine) -> None:
    async with engine.connect() as second:
        async with engine.connect() as first:
            assert await first.run_sync(try_lock_connection, NAME)
            assert not await second.run_sync(try_lock_connection, NAME)
            assert await second.run_sync(try_lock_connection, "another lock")
            await first.rollback()
            assert not await second.run_sync(try_lock_connection, NAME)

        async def is_free() -> bool:
            return await second.run_sync(try_lock_connection, NAME)

        await until(is_free)


@each_transaction
async def test_every_way_of_locking_means_the_same_lock(database: Database, engine: AsyncEngine, begin: Begin) -> None:
    async with engine.connect() as connection, begin(database) as db:
        await lock(db, NAME)
        assert not await connection.run_sync(try_lock_connection, NAME)
