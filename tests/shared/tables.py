"""A table of its own in the schema of posts, for tests of the two ways into the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import Integer, String, bindparam, column, func, literal_column, select, table

from tests.support.databases import Databases
from watchword.database.reads import ReadStatement

THINGS = table("things", column("id", Integer), column("name", String), column("other_id", Integer), schema="posts")
BY_NAME = ReadStatement(select(THINGS.c.id, THINGS.c.name).where(THINGS.c.name == bindparam("name")))
ALL_NAMES = ReadStatement(select(THINGS.c.name).order_by(THINGS.c.id))
BACKEND = ReadStatement(select(func.pg_backend_pid().label("pid")))
SLOW = ReadStatement(select(func.pg_sleep(30), literal_column("pg_backend_pid()").label("pid")))

_MAKE = """
    CREATE TABLE posts.things (
        id int GENERATED ALWAYS AS IDENTITY CONSTRAINT things_pkey PRIMARY KEY,
        name text NOT NULL CONSTRAINT things_name_key UNIQUE CONSTRAINT things_name_check CHECK (name <> ''),
        other_id int CONSTRAINT things_other_id_fkey REFERENCES posts.things DEFERRABLE INITIALLY DEFERRED
    );
    INSERT INTO posts.things (name) VALUES ('first'), ('second');
"""


@asynccontextmanager
async def things(databases: Databases) -> AsyncIterator[None]:
    await as_owner(databases, _MAKE)
    try:
        yield
    finally:
        await as_owner(databases, "DROP TABLE posts.things")


async def as_owner(databases: Databases, script: str) -> None:
    await _run(databases.url("posts_owner"), script)


async def kill_connections(databases: Databases) -> None:
    """Returns when every backend of the app role has ended."""
    kill = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'posts_app'"
    await _run(databases.server.superuser_url("watchword"), kill)


async def _run(url: str, script: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(script)
    finally:
        await connection.close()
