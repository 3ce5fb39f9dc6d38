"""A table of its own in the schema of posts, and the ways into the database that are tested with it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import asyncpg
import pytest
from sqlalchemy import Integer, Select, String, bindparam, column, func, literal_column, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.databases import DATABASE, Databases
from tests.support.waiting import until
from watchword.database import Database, Statement, WriteTransaction

THINGS = table("things", column("id", Integer), column("name", String), column("other_id", Integer), schema="posts")

SELECT_BY_NAME = select(THINGS.c.id, THINGS.c.name).where(THINGS.c.name == bindparam("name"))
SELECT_BY_ID = select(THINGS.c.name).where(THINGS.c.id == bindparam("id", type_=Integer))
SELECT_NAMES = select(THINGS.c.name).order_by(THINGS.c.id)
SELECT_BACKEND = select(func.pg_backend_pid().label("pid"))
SELECT_SLOWLY = select(func.pg_sleep(30), literal_column("pg_backend_pid()").label("pid"))

BY_NAME = Statement(SELECT_BY_NAME)
ALL_NAMES = Statement(SELECT_NAMES)
BACKEND = Statement(SELECT_BACKEND)
SLOW = Statement(SELECT_SLOWLY)

_CREATE = """
    CREATE TABLE posts.things (
        id int GENERATED ALWAYS AS IDENTITY CONSTRAINT things_pkey PRIMARY KEY,
        name text NOT NULL CONSTRAINT things_name_key UNIQUE CONSTRAINT things_name_check CHECK (name <> ''),
        other_id int CONSTRAINT things_other_id_fkey REFERENCES posts.things DEFERRABLE INITIALLY DEFERRED
    );
    INSERT INTO posts.things (name) VALUES ('first'), ('second');
"""


class Way(Protocol):
    """Run one statement by one of the ways."""

    async def __call__(self, database: Database, statement: Select[Any], **values: Any) -> Sequence[Any]: ...


async def read(database: Database, statement: Select[Any], **values: Any) -> Sequence[Any]:
    """The rows, by the read path."""
    return await database.reads.fetch_rows(Statement(statement), **values)


async def transact(database: Database, statement: Select[Any], **values: Any) -> Sequence[Any]:
    """The rows, in a transaction of their own."""
    async with database.begin() as db:
        rows: Sequence[Any] = (await db.execute(statement, values)).mappings().all()
        return rows


async def write(database: Database, statement: Select[Any], **values: Any) -> Sequence[Any]:
    """The rows, in a transaction of the write path."""
    async with database.writes.begin() as db:
        return await db.fetch_rows(Statement(statement), **values)


each_way = pytest.mark.parametrize("way", [read, transact, write])

Transaction = AsyncSession | WriteTransaction
Begin = Callable[[Database], AbstractAsyncContextManager[Transaction]]
"""What begins a transaction in one of the two ways that have one."""

each_transaction = pytest.mark.parametrize(
    "begin", [Database.begin, lambda database: database.writes.begin()], ids=["session", "write path"]
)


@asynccontextmanager
async def locked(databases: Databases, table_name: str) -> AsyncIterator[None]:
    """During the block nobody can read this table of posts."""
    owner = await asyncpg.connect(databases.url("posts_owner"))
    async with owner.transaction():
        await owner.execute(f"LOCK TABLE posts.{table_name}")
        yield
    await owner.close()


async def names_of_things(database: Database) -> list[str]:
    return [row["name"] for row in await database.reads.fetch_rows(ALL_NAMES)]


@asynccontextmanager
async def things(databases: Databases) -> AsyncIterator[None]:
    """The table, with two rows in it, for as long as the block lasts."""
    await databases.execute("posts_owner", _CREATE)
    try:
        yield
    finally:
        await databases.execute("posts_owner", "DROP TABLE posts.things")


async def until_running(databases: Databases, number: int) -> None:
    """Return when so many slow statements are running."""
    await until_backends(databases, number, "state = 'active' AND query LIKE '%pg_sleep%'")


async def until_backends(databases: Databases, number: int, condition: str) -> None:
    """Return when so many connections of the app role meet the condition."""
    count = f"SELECT count(*) FROM pg_stat_activity WHERE usename = 'posts_app' AND {condition}"  # noqa: S608
    connection = await asyncpg.connect(databases.server.superuser_url(DATABASE))

    async def is_reached() -> bool:
        return bool(await connection.fetchval(count) == number)

    try:
        await until(is_reached)
    finally:
        await connection.close()
