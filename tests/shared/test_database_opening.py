"""A connection that is not wanted any more while it is opened is closed, and not forgotten."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

import watchword.database.database
from tests.shared.tables import until_backends
from tests.support.databases import DATABASE, Databases
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.database import Database
from watchword.database.connections import connect, connect_with_settings

# Opening a connection for transactions ends with questions about types.
NOBODY_READS_TYPES = "LOCK TABLE pg_catalog.pg_type IN ACCESS EXCLUSIVE MODE"
WAITING = "wait_event_type = 'Lock'"
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'posts_app' AND {}"
# PostgreSQL is asked for TLS before anything else, in so many bytes, and answers this if it has none.
SSL_REQUEST_BYTES, NO_TLS = 8, b"N"


async def has(observer: "asyncpg.Connection[asyncpg.Record]", number: int, condition: str) -> bool:
    """Whether the service has so many connections of which the condition is true."""
    # Within a transaction, a statement sees what the first one saw.
    await observer.execute("SELECT pg_stat_clear_snapshot()")
    return bool(await observer.fetchval(COUNT.format(condition)) == number)


async def transact(database: Database) -> None:
    async with database.begin() as db:
        await db.execute(text("SELECT 1"))


async def test_a_caller_that_gives_up_while_its_connection_is_set_up_leaves_none_open(databases: Databases) -> None:
    await databases.end_connections("posts_app")
    database = Database(databases.url("posts_app"), size=1)
    observer = await asyncpg.connect(databases.server.superuser_url(DATABASE))
    assert await has(observer, 0, WAITING)
    async with observer.transaction():
        await observer.execute(NOBODY_READS_TYPES)
        opening = asyncio.create_task(transact(database))
        await until(lambda: has(observer, 1, WAITING))
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    await until(lambda: has(observer, 0, "true"))
    await transact(database)
    await observer.close()
    await database.close()


async def test_a_caller_that_gives_up_while_its_connection_is_set_up_makes_room_for_the_next(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchword.database.database, "POOL_TIMEOUT_SECONDS", 10 * PATIENCE_SECONDS)
    await databases.end_connections("posts_app")
    database = Database(databases.url("posts_app"), size=1)
    observer = await asyncpg.connect(databases.server.superuser_url(DATABASE))
    async with observer.transaction():
        await observer.execute(NOBODY_READS_TYPES)
        opening = asyncio.create_task(transact(database))
        await until(lambda: has(observer, 1, WAITING))
        waiting = asyncio.create_task(transact(database))
        await until(lambda: database.pools()["transactions"].waiting == 1)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    await until(waiting.done)
    await waiting
    await observer.close()
    await database.close()


async def set_and_connect(databases: Databases, setting: str) -> None:
    await connect_with_settings(databases.url("posts_app"), setting, timeout=PATIENCE_SECONDS, command_timeout=None)


async def test_a_caller_that_gives_up_while_a_setting_is_made_leaves_no_connection_open(databases: Databases) -> None:
    await databases.end_connections("posts_app")
    observer = await asyncpg.connect(databases.server.superuser_url(DATABASE))
    async with observer.transaction():
        await observer.execute("SELECT pg_advisory_xact_lock(7)")
        opening = asyncio.create_task(set_and_connect(databases, "SELECT pg_advisory_lock(7)"))
        await until(lambda: has(observer, 1, WAITING))
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    await until_backends(databases, 0, "true")
    await observer.close()


async def test_a_setting_that_is_refused_leaves_no_connection_open(databases: Databases) -> None:
    await databases.end_connections("posts_app")
    with pytest.raises(asyncpg.UndefinedObjectError):
        await set_and_connect(databases, "SET no_such_setting = 1")
    await until_backends(databases, 0, "true")


async def test_a_caller_that_gives_up_as_the_server_answers_leaves_no_error_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def give_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(SSL_REQUEST_BYTES)
        writer.write(NO_TLS)
        # asyncio runs this before it reads the answer.
        asyncio.get_running_loop().call_soon(opening.cancel)
        writer.close()

    async with await asyncio.start_server(give_up, "127.0.0.1", 0) as server:
        url = f"postgresql://somebody@127.0.0.1:{server.sockets[0].getsockname()[1]}/somewhere"
        opening = asyncio.create_task(connect(url, timeout=PATIENCE_SECONDS, command_timeout=None))
        with pytest.raises(asyncio.CancelledError):
            await opening
    assert [record for record in caplog.records if record.name == "asyncio"] == []
