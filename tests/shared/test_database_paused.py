"""A process that stands still in the middle of a transaction keeps its locks for a few seconds only."""

import asyncio
import os
import signal
import sys

import asyncpg
import psutil
import pytest
from sqlalchemy import text

from tests.support.databases import Databases
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.database import Database
from watchword.database.database import COMMAND_TIMEOUT_SECONDS, IDLE_TIMEOUT_SECONDS

PAUSED = """
import asyncio, os, signal, sys

from sqlalchemy import column, select, table, text

import watchword.database.database as module
from watchword.database import Statement

module.IDLE_TIMEOUT_SECONDS = 0.5
LOCK = select(column("key")).select_from(table("revocations", schema="posts")).with_for_update()
NOTHING = select(text("1"))

async def main() -> None:
    database = module.Database(sys.argv[1])
    prepared = sys.argv[2] == "writes"
    async with (database.writes if prepared else database).begin() as db:
        await db.execute(Statement(LOCK) if prepared else LOCK)
        os.kill(os.getpid(), signal.SIGSTOP)
        await db.execute(Statement(NOTHING) if prepared else NOTHING)

asyncio.run(main())
"""
REVOKE = "INSERT INTO posts.revocations VALUES ('session', 's', 0, now())"
LIMIT = "SHOW idle_in_transaction_session_timeout"
LOCK = "SELECT key FROM posts.revocations FOR UPDATE"


@pytest.mark.parametrize("way", ["session", "writes"])
async def test_others_get_the_locks_of_a_process_that_is_paused_in_a_transaction(
    databases: Databases, way: str
) -> None:
    await databases.empty("posts")
    await databases.execute("posts_app", REVOKE)
    arguments = "-c", PAUSED, databases.url("posts_app"), way
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stderr=asyncio.subprocess.PIPE)

    def is_paused() -> bool:
        return bool(psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)

    await until(is_paused)
    waiting = await asyncpg.connect(databases.url("posts_app"))
    assert [row["key"] for row in await waiting.fetch(LOCK, timeout=PATIENCE_SECONDS)] == ["s"]
    await waiting.close()
    os.kill(process.pid, signal.SIGCONT)
    _, errors = await process.communicate()
    assert b"DatabaseUnavailable" in errors


async def limit_of(url: str) -> str:
    database = Database(url, size=1)
    async with database.begin() as db:
        limit = await db.scalar(text(LIMIT))
    await database.close()
    return str(limit)


async def test_who_waits_for_such_a_lock_gets_it_before_its_own_statement_is_given_up(databases: Databases) -> None:
    assert IDLE_TIMEOUT_SECONDS < COMMAND_TIMEOUT_SECONDS
    assert await limit_of(databases.url("posts_app")) == f"{IDLE_TIMEOUT_SECONDS:.0f}s"


async def test_limit_of_the_url_is_left_alone(databases: Databases) -> None:
    option = "?options=-c%20idle_in_transaction_session_timeout%3D7s"
    assert await limit_of(databases.url("posts_app") + option) == "7s"
