"""What holds for every way into the database: one that fails is unavailable, and no connection is ever lost."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

import watchword.database.database
from tests.shared.tables import (
    SELECT_BACKEND,
    SELECT_BY_ID,
    SELECT_BY_NAME,
    SELECT_NAMES,
    SELECT_SLOWLY,
    Way,
    each_way,
    until_running,
)
from tests.support.databases import Databases
from tests.support.ports import held_port
from watchword.database import Database, DatabaseUnavailable


async def ensure_usable(database: Database, way: Way) -> None:
    assert [row["name"] for row in await way(database, SELECT_NAMES)] == ["first", "second"]


async def backend(database: Database, way: Way) -> int:
    (row,) = await way(database, SELECT_BACKEND)
    return int(row["pid"])


@each_way
async def test_a_connection_is_used_again(database: Database, way: Way) -> None:
    assert await backend(database, way) == await backend(database, way)


@each_way
async def test_connection_killed_while_idle_is_replaced(database: Database, databases: Databases, way: Way) -> None:
    before = await backend(database, way)
    await databases.end_connections("posts_app")
    assert await backend(database, way) != before
    await ensure_usable(database, way)


@each_way
async def test_connection_killed_while_a_statement_runs_is_unavailable_and_then_replaced(
    database: Database, databases: Databases, way: Way
) -> None:
    running = asyncio.create_task(way(database, SELECT_SLOWLY))
    await until_running(databases, 1)
    await databases.end_connections("posts_app")
    with pytest.raises(DatabaseUnavailable):
        await running
    await ensure_usable(database, way)


@each_way
async def test_caller_that_gives_up_returns_its_connection(database: Database, databases: Databases, way: Way) -> None:
    for _ in range(5):
        running = asyncio.create_task(way(database, SELECT_SLOWLY))
        await until_running(databases, 1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await ensure_usable(database, way)


@each_way
async def test_callers_that_give_up_waiting_take_no_connection_with_them(
    database: Database, databases: Databases, way: Way
) -> None:
    running = asyncio.create_task(way(database, SELECT_SLOWLY))
    await until_running(databases, 1)
    waiting = [asyncio.create_task(backend(database, way)) for _ in range(10)]
    await asyncio.sleep(0)
    for task in (*waiting[:5], running):
        task.cancel()
    results = await asyncio.gather(*waiting, running, return_exceptions=True)
    assert [isinstance(result, int) for result in results[5:10]] == [True] * 5
    await ensure_usable(database, way)


@each_way
async def test_server_that_does_not_listen_is_unavailable(way: Way) -> None:
    with held_port() as port:
        database = Database(f"postgresql://posts_app:x@127.0.0.1:{port}/watchword")
        with pytest.raises(DatabaseUnavailable):
            await way(database, SELECT_BACKEND)
        await database.close()


@each_way
async def test_statement_over_the_time_limit_is_unavailable(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    monkeypatch.setattr(watchword.database.database, "COMMAND_TIMEOUT_SECONDS", 2.0)
    database = Database(databases.url("posts_app"), size=1)
    with pytest.raises(DatabaseUnavailable):
        await way(database, SELECT_SLOWLY)
    assert await backend(database, way)
    await database.close()


@each_way
async def test_pool_without_a_free_connection_in_time_is_unavailable(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    monkeypatch.setattr(watchword.database.database, "POOL_TIMEOUT_SECONDS", 0.1)
    await databases.end_connections("posts_app")
    database = Database(databases.url("posts_app"), size=1)
    running = asyncio.create_task(way(database, SELECT_SLOWLY))
    await until_running(databases, 1)
    with pytest.raises(DatabaseUnavailable):
        await backend(database, way)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await database.close()


@each_way
@pytest.mark.parametrize("value", ["a text", 2**40])
async def test_argument_of_the_wrong_type_is_not_the_databases_fault(
    database: Database, way: Way, value: object
) -> None:
    with pytest.raises((asyncpg.DataError, DBAPIError)):
        await way(database, SELECT_BY_ID, id=value)
    await ensure_usable(database, way)


@each_way
async def test_argument_that_is_none_is_null(database: Database, way: Way) -> None:
    assert await way(database, SELECT_BY_NAME, name=None) == []
