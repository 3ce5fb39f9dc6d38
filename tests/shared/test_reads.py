"""The read path: compiled once, prepared once per connection, and no connection is ever lost."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import Integer, String, bindparam, column, select, table

import watchword.database.database
from tests.shared.key_server import PATIENCE_SECONDS
from tests.shared.tables import ALL_NAMES, BACKEND, BY_NAME, SLOW, THINGS, as_owner, kill_connections, things
from tests.support.databases import Databases
from watchword.database.database import Database, DatabaseUnavailable
from watchword.database.reads import ReadStatement

PREPARED = ReadStatement(
    select(column("statement", String))
    .select_from(table("pg_prepared_statements", column("statement", String)))
    .where(column("statement", String).like(bindparam("pattern")))
)


@pytest.fixture(autouse=True)
async def nobody_else_reads(databases: Databases) -> None:
    await kill_connections(databases)


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    database = Database(databases.url("posts_app"), size=1)
    async with things(databases):
        yield database
        await database.close()


async def names(database: Database) -> list[str]:
    return [row["name"] for row in await database.reads.fetch_rows(ALL_NAMES)]


async def test_row_is_the_first_or_none(database: Database) -> None:
    found = await database.reads.fetch_row(BY_NAME, name="second")
    assert found is not None
    assert (found["id"], found["name"]) == (2, "second")
    assert await database.reads.fetch_row(BY_NAME, name="nobody") is None
    first = await database.reads.fetch_row(ALL_NAMES)
    assert first is not None
    assert first["name"] == "first"


async def test_rows_are_all_of_them(database: Database) -> None:
    assert await names(database) == ["first", "second"]
    assert await database.reads.fetch_rows(BY_NAME, name="nobody") == []


async def test_constants_of_a_statement_need_no_argument(database: Database) -> None:
    statement = ReadStatement(select(THINGS.c.id).where(THINGS.c.name == "second").limit(5))
    assert [row["id"] for row in await database.reads.fetch_rows(statement)] == [2]


async def test_argument_that_is_none_is_null(database: Database) -> None:
    assert await database.reads.fetch_row(BY_NAME, name=None) is None


async def test_argument_that_is_missing_is_a_mistake_of_ours(database: Database) -> None:
    with pytest.raises(TypeError, match="name"):
        await database.reads.fetch_row(BY_NAME)
    assert await names(database) == ["first", "second"]


async def test_statement_is_prepared_once_per_connection(database: Database) -> None:
    for _ in range(5):
        await database.reads.fetch_row(BY_NAME, name="first")
    prepared = await database.reads.fetch_rows(PREPARED, pattern="%FROM posts.things%")
    assert len(prepared) == 1


async def test_killed_connection_is_replaced(database: Database, databases: Databases) -> None:
    assert await names(database) == ["first", "second"]
    await kill_connections(databases)
    assert await names(database) == ["first", "second"]


async def test_connection_killed_while_it_reads_is_unavailable_and_then_replaced(
    database: Database, databases: Databases
) -> None:
    reading = asyncio.create_task(database.reads.fetch_row(SLOW))
    await until_running(databases, 1)
    await kill_connections(databases)
    with pytest.raises(DatabaseUnavailable):
        await reading
    assert await names(database) == ["first", "second"]


async def test_statement_outlives_a_change_of_its_table(database: Database, databases: Databases) -> None:
    row = await database.reads.fetch_row(BY_NAME, name="first")
    await as_owner(databases, "ALTER TABLE posts.things ALTER COLUMN id TYPE bigint, ADD COLUMN more int")
    assert await database.reads.fetch_row(BY_NAME, name="first") == row
    await as_owner(databases, "ALTER TABLE posts.things ALTER COLUMN name TYPE varchar(20)")
    assert await database.reads.fetch_row(BY_NAME, name="first") == row


async def test_two_connections_serve_fifty_readers(databases: Databases) -> None:
    database = Database(databases.url("posts_app"), size=2)
    rows = await asyncio.gather(*(database.reads.fetch_row(BACKEND) for _ in range(50)))
    assert len({row["pid"] for row in rows if row is not None}) in (1, 2)
    assert None not in rows
    await database.close()


async def test_readers_that_give_up_give_their_connection_back(database: Database, databases: Databases) -> None:
    await names(database)
    for _ in range(5):
        reading = asyncio.create_task(database.reads.fetch_row(SLOW))
        await until_running(databases, 1)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await names(database) == ["first", "second"]


async def test_readers_that_give_up_waiting_take_no_connection_along(database: Database, databases: Databases) -> None:
    reading = asyncio.create_task(database.reads.fetch_row(SLOW))
    await until_running(databases, 1)
    waiting = [asyncio.create_task(names(database)) for _ in range(10)]
    await asyncio.sleep(0)
    for task in (*waiting[:5], reading):
        task.cancel()
    found = await asyncio.gather(*waiting, reading, return_exceptions=True)
    assert found[5:10] == [["first", "second"]] * 5
    assert await names(database) == ["first", "second"]


async def test_no_connection_in_time_is_unavailable(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchword.database.database, "POOL_TIMEOUT_SECONDS", 0.1)
    database = Database(databases.url("posts_app"), size=1)
    reading = asyncio.create_task(database.reads.fetch_row(SLOW))
    await until_running(databases, 1)
    with pytest.raises(DatabaseUnavailable):
        await database.reads.fetch_row(BACKEND)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await database.close()


async def test_statement_over_the_time_limit_is_unavailable(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchword.database.database, "COMMAND_TIMEOUT_SECONDS", 0.2)
    database = Database(databases.url("posts_app"), size=1)
    with pytest.raises(DatabaseUnavailable):
        await database.reads.fetch_row(SLOW)
    assert await database.reads.fetch_row(BACKEND) is not None
    await database.close()


@pytest.mark.parametrize("value", ["a text", 2**40])
async def test_argument_of_the_wrong_type_is_not_the_databases_fault(database: Database, value: object) -> None:
    by_id = ReadStatement(select(THINGS.c.name).where(THINGS.c.id == bindparam("id", type_=Integer)))
    with pytest.raises(asyncpg.DataError):
        await database.reads.fetch_row(by_id, id=value)
    assert await names(database) == ["first", "second"]


async def test_read_that_outlives_the_pool_ends_well_and_its_connection_with_it(
    database: Database, databases: Databases
) -> None:
    owner = await asyncpg.connect(databases.url("posts_owner"))
    async with owner.transaction():
        await owner.execute("LOCK TABLE posts.things")
        reading = asyncio.create_task(names(database))
        await until(databases, 1, "wait_event_type = 'Lock'")
        await database.close()
    await owner.close()
    assert await reading == ["first", "second"]
    await until(databases, 0, "true")


async def until_running(databases: Databases, number: int) -> None:
    """Returns when so many slow reads are under way."""
    await until(databases, number, "state = 'active' AND query LIKE '%pg_sleep%'")


async def until(databases: Databases, number: int, state: str) -> None:
    """Returns when so many connections of the app role are in this state."""
    connection = await asyncpg.connect(databases.url("posts_app"))
    mine = "FROM pg_stat_activity WHERE usename = 'posts_app' AND pid <> pg_backend_pid()"
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await connection.fetchval(f"SELECT count(*) {mine} AND {state}") != number:
                await asyncio.sleep(0.005)
    finally:
        await connection.close()
