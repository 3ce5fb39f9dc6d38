"""A statement that its caller gives up ends in the server too: it waits for no lock, and changes nothing later."""

import asyncio
from collections.abc import AsyncIterator

import pytest

import watchword.database.database
from tests.shared.tables import SELECT_NAMES, Way, each_way, locked, until_backends
from tests.support.databases import Databases
from watchword.database import Database, DatabaseUnavailable

WAITING = "wait_event_type = 'Lock'"


@pytest.fixture
async def impatient(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A database with one connection for each way, which gives a statement up soon."""
    monkeypatch.setattr(watchword.database.database, "COMMAND_TIMEOUT_SECONDS", 2.0)
    database = Database(databases.url("posts_app"), size=1)
    yield database
    await database.close()


async def cancel_while_waiting(database: Database, databases: Databases, way: Way) -> None:
    """Cancel a caller whose statement waits for a lock."""
    running = asyncio.create_task(way(database, SELECT_NAMES))
    await until_backends(databases, 1, WAITING)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@each_way
async def test_statement_over_the_time_limit_waits_for_no_lock(
    database: Database, impatient: Database, databases: Databases, way: Way
) -> None:
    assert len(await way(database, SELECT_NAMES)) == 2
    async with locked(databases, "things"):
        with pytest.raises(DatabaseUnavailable):
            await way(impatient, SELECT_NAMES)
        await until_backends(databases, 0, WAITING)


@each_way
async def test_statement_of_a_caller_that_is_cancelled_waits_for_no_lock(
    database: Database, databases: Databases, way: Way
) -> None:
    async with locked(databases, "things"):
        await cancel_while_waiting(database, databases, way)
        await until_backends(databases, 0, WAITING)


@each_way
async def test_database_that_is_closed_has_ended_what_was_given_up(
    database: Database, databases: Databases, way: Way
) -> None:
    before = asyncio.all_tasks()
    async with locked(databases, "things"):
        await cancel_while_waiting(database, databases, way)
        await database.close()
        assert asyncio.all_tasks() == before
        await until_backends(databases, 0, WAITING)
