"""A failure that another try may survive is unavailable, in every way into the database, and never the caller's 500."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.shared.tables import SELECT_NAMES, THINGS, Way, each_way, names_of_things, things
from tests.support.databases import Databases
from watchword.database import Database, DatabaseUnavailable

CONNECTIONS = 3
READ_ONLY = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"


@pytest.fixture
async def several(databases: Databases) -> AsyncIterator[Database]:
    """A database with a few connections in each pool, all of which have read the table."""
    database = Database(databases.url("posts_app"), size=CONNECTIONS)
    async with things(databases):
        yield database
        await database.close()


async def all_at_once(database: Database, way: Way) -> list[object]:
    return list(
        await asyncio.gather(*(way(database, SELECT_NAMES) for _ in range(CONNECTIONS)), return_exceptions=True)
    )


async def raise_error(database: Database, code: str, message: str) -> None:
    async with database.begin() as db:
        await db.execute(text(f"DO $$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = '{code}'; END $$"))


@each_way
async def test_a_change_of_a_columns_type_is_survived_or_answered_as_unavailable(
    several: Database, databases: Databases, way: Way
) -> None:
    for kind in ("varchar(30)", "text", "varchar(40)"):
        assert all(isinstance(rows, list) for rows in await all_at_once(several, way))
        await databases.execute("posts_owner", f"ALTER TABLE posts.things ALTER COLUMN name TYPE {kind}")
        outcomes = await all_at_once(several, way)
        assert all(isinstance(outcome, list | DatabaseUnavailable) for outcome in outcomes), outcomes
        assert [row["name"] for row in await way(several, SELECT_NAMES)] == ["first", "second"]


async def test_a_read_survives_a_change_of_a_columns_type(several: Database, databases: Databases) -> None:
    await names_of_things(several)
    await databases.execute("posts_owner", "ALTER TABLE posts.things ALTER COLUMN name TYPE varchar(30)")
    assert await names_of_things(several) == ["first", "second"]


@pytest.mark.parametrize(
    "code", ["40001", "40P01", "53100", "53200", "53300", "57014", "57P01", "58030", "25006", "25P03", "25P04", "55P03"]
)
async def test_what_another_try_may_survive_is_unavailable(database: Database, code: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        await raise_error(database, code, "of the server")


async def test_a_type_that_was_replaced_while_a_statement_ran_is_unavailable(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        await raise_error(database, "XX000", "cache lookup failed for type 16384")


@pytest.mark.parametrize("code", ["XX000", "0A000", "22012", "42501", "42P01", "P0001"])
async def test_what_every_try_meets_again_is_a_mistake_of_ours(database: Database, code: str) -> None:
    with pytest.raises(DBAPIError):
        await raise_error(database, code, "of ours")


async def test_a_server_that_takes_no_changes_is_unavailable_and_connected_to_anew(database: Database) -> None:
    async with database.begin() as db:
        await db.execute(text(READ_ONLY))
    with pytest.raises(DatabaseUnavailable):
        await add(database)
    await add(database)
    assert await names_of_things(database) == ["first", "second", "third"]


async def add(database: Database) -> None:
    async with database.begin() as db:
        await db.execute(THINGS.insert().values(name="third"))


@each_way
async def test_a_password_that_is_wrong_is_unavailable(databases: Databases, way: Way) -> None:
    """It may be changed at the server first, and here a moment later."""
    database = Database(databases.url("posts_app").replace(databases.passwords["posts_app"], "wrong"), size=1)
    with pytest.raises(DatabaseUnavailable) as refused:
        await way(database, SELECT_NAMES)
    assert "wrong" not in str(refused.value.reason)
    await database.close()
