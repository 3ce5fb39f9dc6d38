"""A connection that is kept for short statements: one that fails costs no more than its own time."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import func, select

from posts_service.tables import RECEIVER
from tests.support.cuts import proxy_to
from tests.support.databases import Databases
from watchword.database import DatabaseUnavailable, Statement
from watchword.database.statement_connection import LockHeld, StatementConnection

WHO = Statement(select(func.pg_backend_pid().label("pid")))
HELD = Statement(select(RECEIVER.revocations.c.key).with_for_update())


@pytest.fixture
async def connection(databases: Databases) -> AsyncIterator[StatementConnection]:
    await databases.empty("posts")
    opened = StatementConnection(databases.url("posts_app"))
    yield opened
    opened.close()


async def backend(connection: StatementConnection) -> int:
    ((pid,),) = await connection.fetch(WHO)
    return int(pid)


async def test_statements_share_one_connection(connection: StatementConnection) -> None:
    assert await backend(connection) == await backend(connection)


async def test_connection_that_was_ended_is_replaced_at_the_second_statement_at_the_latest(
    connection: StatementConnection, databases: Databases
) -> None:
    before = await backend(connection)
    await databases.end_connections("posts_app")
    try:
        after = await backend(connection)
    except DatabaseUnavailable:
        after = await backend(connection)
    assert after != before


async def test_statement_on_a_dead_connection_is_given_up_and_the_next_one_connects_anew(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.database.statement_connection.STATEMENT_TIMEOUT_SECONDS", 0.5)
    with proxy_to(databases.server.port) as proxy:
        url = databases.url("posts_app").replace(f":{databases.server.port}/", f":{proxy.port}/")
        connection = StatementConnection(url)
        before = await backend(connection)
        proxy.cut()
        with pytest.raises(DatabaseUnavailable):
            await backend(connection)
        assert await backend(connection) != before
        connection.close()


async def test_lock_of_another_connection_is_waited_for_shortly_and_the_connection_stays(
    connection: StatementConnection, databases: Databases
) -> None:
    await databases.execute("posts_app", "INSERT INTO posts.revocations VALUES ('session', 's', 0, now())")
    before = await backend(connection)
    locking = await asyncpg.connect(databases.url("posts_app"))
    async with locking.transaction():
        await locking.execute("SELECT FROM posts.revocations FOR UPDATE")
        with pytest.raises(LockHeld):
            await connection.fetch(HELD)
    await locking.close()
    assert [row["key"] for row in await connection.fetch(HELD)] == ["s"]
    assert await backend(connection) == before


async def test_database_that_is_not_there_is_unavailable(databases: Databases) -> None:
    nowhere = databases.url("posts_app").replace(f":{databases.server.port}/", ":9/")
    with pytest.raises(DatabaseUnavailable):
        await StatementConnection(nowhere).fetch(WHO)
