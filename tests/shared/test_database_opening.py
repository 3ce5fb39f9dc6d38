"""A connection that is not wanted any more while it is opened is closed, and not forgotten."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from tests.support.databases import DATABASE, Databases
from tests.support.waiting import until
from watchword.database import Database

# Opening a connection for transactions ends with questions about types.
NOBODY_READS_TYPES = "LOCK TABLE pg_catalog.pg_type IN ACCESS EXCLUSIVE MODE"
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'posts_app' AND {}"


async def transact(database: Database) -> None:
    async with database.begin() as db:
        await db.execute(text("SELECT 1"))


async def test_a_caller_that_gives_up_while_its_connection_is_set_up_leaves_none_open(databases: Databases) -> None:
    await databases.end_connections("posts_app")
    database = Database(databases.url("posts_app"), size=1)
    observer = await asyncpg.connect(databases.server.superuser_url(DATABASE))

    async def has(number: int, condition: str) -> bool:
        # Within a transaction, a statement sees what the first one saw.
        await observer.execute("SELECT pg_stat_clear_snapshot()")
        return bool(await observer.fetchval(COUNT.format(condition)) == number)

    assert await has(0, "wait_event_type = 'Lock'")
    async with observer.transaction():
        await observer.execute(NOBODY_READS_TYPES)
        opening = asyncio.create_task(transact(database))
        await until(lambda: has(1, "wait_event_type = 'Lock'"))
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    await until(lambda: has(0, "true"))
    await transact(database)
    await observer.close()
    await database.close()
