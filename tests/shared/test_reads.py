"""The read path: compiled once, prepared once per connection, and no connection is ever lost."""

import asyncio

import pytest
from sqlalchemy import String, bindparam, column, func, literal, select, table, update

from tests.shared.tables import (
    ALL_NAMES,
    BACKEND,
    BY_NAME,
    THINGS,
    locked,
    names_of_things,
    until_backends,
)
from tests.support.databases import Databases
from watchword.database import Database, Statement
from watchword.database.errors import DatabaseUnavailable

PREPARED = Statement(
    select(column("statement", String))
    .select_from(table("pg_prepared_statements", column("statement", String)))
    .where(column("statement", String).like(bindparam("pattern")))
)
_CHANGED = update(THINGS).where(THINGS.c.id == 1).values(name="changed").returning(THINGS.c.name).cte("changed")
CHANGE = Statement(select(_CHANGED.c.name))
MAKE_READ_ONLY = Statement(select(func.set_config("default_transaction_read_only", "on", literal(False))))
SECOND = Statement(select(THINGS.c.id).where(THINGS.c.name == "second").limit(5))


async def test_fetch_row_gives_the_first_or_none(database: Database) -> None:
    second = await database.reads.fetch_row(BY_NAME, name="second")
    assert second is not None
    assert (second["id"], second["name"]) == (2, "second")
    assert await database.reads.fetch_row(BY_NAME, name="nobody") is None
    first = await database.reads.fetch_row(ALL_NAMES)
    assert first is not None
    assert first["name"] == "first"


async def test_fetch_rows_gives_all(database: Database) -> None:
    assert await names_of_things(database) == ["first", "second"]
    assert await database.reads.fetch_rows(BY_NAME, name="nobody") == []


async def test_constants_of_a_statement_need_no_argument(database: Database) -> None:
    assert [row["id"] for row in await database.reads.fetch_rows(SECOND)] == [2]


@pytest.mark.parametrize(
    ("statement", "values", "message"),
    [
        (BY_NAME, {}, "takes name; missing or unknown: name"),
        (BY_NAME, {"name": "first", "nmae": "first"}, "takes name; missing or unknown: nmae"),
        (BY_NAME, {"nmae": "first"}, "takes name; missing or unknown: name, nmae"),
        (ALL_NAMES, {"name": "first"}, "takes no arguments; missing or unknown: name"),
        (SECOND, {"name_1": "first"}, "takes no arguments; missing or unknown: name_1"),
    ],
)
async def test_argument_that_is_missing_or_unknown_is_named(
    database: Database, statement: Statement, values: dict[str, str], message: str
) -> None:
    for fetch in (database.reads.fetch_row, database.reads.fetch_rows):
        with pytest.raises(TypeError, match=f"SELECT posts.things {message}$"):
            await fetch(statement, **values)
    assert await names_of_things(database) == ["first", "second"]


async def test_statement_is_prepared_once_per_connection(database: Database) -> None:
    for _ in range(5):
        await database.reads.fetch_row(BY_NAME, name="first")
        await database.reads.fetch_rows(BY_NAME, name="first")
    prepared = await database.reads.fetch_rows(PREPARED, pattern="%FROM posts.things%")
    assert len(prepared) == 1


async def test_statement_outlives_a_change_of_its_table(database: Database, databases: Databases) -> None:
    row = await database.reads.fetch_row(BY_NAME, name="first")
    await databases.execute("posts_owner", "ALTER TABLE posts.things ALTER COLUMN id TYPE bigint, ADD COLUMN more int")
    assert await database.reads.fetch_row(BY_NAME, name="first") == row
    await databases.execute("posts_owner", "ALTER TABLE posts.things ALTER COLUMN name TYPE varchar(20)")
    assert await database.reads.fetch_rows(BY_NAME, name="first") == [row]


async def test_two_connections_serve_fifty_readers(databases: Databases) -> None:
    database = Database(databases.url("posts_app"), size=2)
    rows = await asyncio.gather(*(database.reads.fetch_row(BACKEND) for _ in range(50)))
    assert len({row["pid"] for row in rows if row is not None}) in (1, 2)
    assert None not in rows
    await database.close()


async def test_read_that_outlives_the_pool_succeeds_and_its_connection_ends_with_it(
    database: Database, databases: Databases
) -> None:
    async with locked(databases, "things"):
        reading = asyncio.create_task(names_of_things(database))
        await until_backends(databases, 1, "wait_event_type = 'Lock'")
        await database.close()
    assert await reading == ["first", "second"]
    await until_backends(databases, 0, "true")


async def test_statement_that_changes_a_row_is_committed(database: Database) -> None:
    assert await database.reads.fetch_row(CHANGE) is not None
    assert "changed" in await names_of_things(database)


async def test_connection_whose_server_takes_no_changes_is_replaced(database: Database) -> None:
    await database.reads.fetch_row(MAKE_READ_ONLY)
    with pytest.raises(DatabaseUnavailable):
        await database.reads.fetch_row(CHANGE)
    assert await database.reads.fetch_row(CHANGE) is not None
