"""The tables of a service without migrations are made by one call, which several processes may do at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import Column, Integer, MetaData, String, Table

from tests.support.databases import Databases
from tests.support.fresh import Fresh
from tests.support.waiting import until
from watchword.database import Database, create_tables
from watchword.events import ReceiverTables

PROCESSES = 3
RECEIVERS = {"poll_lease", "process_leases", "received_events", "revocations", "transmitter_contact"}
# An autovacuum of that database waits for the same lock, and has no user.
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = '{name}' AND usename = 'posts_owner' AND wait_event_type = 'Lock'"
)


@asynccontextmanager
async def processes(fresh: Fresh) -> AsyncIterator[list[Database]]:
    """As many connections of their own as there are workers; the role owns the schema."""
    opened = [Database(fresh.url("posts_owner"), size=1) for _ in range(PROCESSES)]
    try:
        yield opened
    finally:
        for database in opened:
            await database.close()


@asynccontextmanager
async def nobody_makes_tables(databases: Databases, fresh: Fresh) -> AsyncIterator[None]:
    """A caller who has seen that a table is missing cannot make it before the end of the block."""
    url = databases.server.superuser_url(fresh.name)
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE pg_catalog.pg_class IN SHARE ROW EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


def of_notes() -> tuple[MetaData, ReceiverTables]:
    metadata = MetaData(schema="posts")
    Table("notes", metadata, Column("id", Integer, primary_key=True), Column("text", String))
    return metadata, ReceiverTables(metadata)


async def all_wait(databases: Databases, fresh: Fresh) -> bool:
    waiting = await asyncio.to_thread(databases.server.psql, "postgres", WAITING.format(name=fresh.name))
    return int(waiting) == PROCESSES


async def test_several_processes_make_the_tables_at_once(databases: Databases, fresh: Fresh) -> None:
    async with processes(fresh) as workers:
        async with nobody_makes_tables(databases, fresh):
            making = [asyncio.create_task(of_notes()[1].create(worker)) for worker in workers]
            await until(lambda: all_wait(databases, fresh))
        await asyncio.gather(*making)
    assert fresh.tables("posts") == RECEIVERS


async def test_several_processes_make_the_tables_of_the_service_too(databases: Databases, fresh: Fresh) -> None:
    async with processes(fresh) as workers:
        async with nobody_makes_tables(databases, fresh):
            making = [asyncio.create_task(create_tables(worker, of_notes()[0])) for worker in workers]
            await until(lambda: all_wait(databases, fresh))
        await asyncio.gather(*making)
    assert fresh.tables("posts") == RECEIVERS | {"notes"}


async def test_the_tables_of_the_service_are_left_to_the_service(fresh: Fresh) -> None:
    async with processes(fresh) as (database, *_):
        metadata, tables = of_notes()
        await tables.create(database)
        assert fresh.tables("posts") == RECEIVERS
        await create_tables(database, metadata)
        assert fresh.tables("posts") == RECEIVERS | {"notes"}


async def test_a_column_and_an_index_of_a_newer_library_are_added_and_rows_stay(fresh: Fresh) -> None:
    async with processes(fresh) as (first, second, _):
        await of_notes()[1].create(first)
        insert = "INSERT INTO posts.revocations VALUES ('session', 's', 0, now())"
        fresh.ask(insert)
        _, newer = of_notes()
        newer.revocations.append_column(Column("reason in full", String, index=True))
        newer.revocations.append_column(Column("counted", Integer, nullable=False, server_default="5"))
        await asyncio.gather(newer.create(first), newer.create(second))
        assert {"revocations.counted", "full"} < fresh.columns("posts")
        assert fresh.ask("SELECT key, counted FROM posts.revocations") == ["s|5"]
        assert fresh.ask("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%(\"reason in full\")'") == ["1"]
        fresh.ask(insert.replace("'s'", "'t'"))


async def test_a_role_that_may_make_nothing_finds_what_is_there(databases: Databases, fresh: Fresh) -> None:
    async with processes(fresh) as (owner, *_):
        await of_notes()[1].create(owner)
    user = Database(fresh.url("posts_app"), size=1)
    try:
        await of_notes()[1].create(user)
    finally:
        await user.close()
