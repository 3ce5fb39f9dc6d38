"""What holds for both kinds of transactions: the block is the transaction, and a lost connection is unavailable."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import bindparam, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.shared.tables import (
    BY_NAME,
    SELECT_NAMES,
    THINGS,
    Begin,
    Transaction,
    each_transaction,
    names_of_things,
    until_backends,
)
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database import Database, DatabaseUnavailable, SessionRunner, Statement, StatementRunner, violates

Violation = IntegrityError | asyncpg.IntegrityConstraintViolationError
VIOLATIONS: tuple[type[Violation], ...] = (IntegrityError, asyncpg.IntegrityConstraintViolationError)
INSERT = insert(THINGS).values(name=bindparam("name"), other_id=bindparam("other_id"))

pytestmark = each_transaction


async def insert_into(db: Transaction, name: str, other_id: int | None = None) -> None:
    values = {"name": name, "other_id": other_id}
    if isinstance(db, AsyncSession):
        await db.execute(INSERT, values)
    else:
        await db.execute(Statement(INSERT), **values)


async def names_within(db: Transaction) -> list[Any]:
    if isinstance(db, AsyncSession):
        return list(await db.scalars(SELECT_NAMES))
    return [row["name"] for row in await db.fetch_rows(Statement(SELECT_NAMES))]


async def add(database: Database, begin: Begin, name: str, other_id: int | None = None) -> None:
    async with begin(database) as db:
        await insert_into(db, name, other_id)


async def add_and(database: Database, begin: Begin, then: Callable[[Transaction], Awaitable[object]]) -> None:
    """One block that adds a row and then does something else."""
    async with begin(database) as db:
        await insert_into(db, "third")
        await then(db)


async def test_leaving_the_block_commits(database: Database, begin: Begin) -> None:
    await add(database, begin, "third")
    assert await names_of_things(database) == ["first", "second", "third"]


async def test_exception_rolls_back_and_is_raised(database: Database, begin: Begin) -> None:
    async def fail(_: Transaction) -> None:
        raise LookupError("of our own")

    with pytest.raises(LookupError, match="of our own"):
        await add_and(database, begin, fail)
    assert await names_of_things(database) == ["first", "second"]


async def test_statement_runs_in_the_transaction_whichever_it_is(database: Database, begin: Begin) -> None:
    async with begin(database) as db:
        await insert_into(db, "third")
        runner: StatementRunner = SessionRunner(db) if isinstance(db, AsyncSession) else db
        assert tuple(await runner.fetch_row(BY_NAME, name="third") or ()) == (3, "third")
        assert await runner.fetch_row(BY_NAME, name="fourth") is None
        for values in ({}, {"name": "third", "other": 1}):
            with pytest.raises(TypeError):
                await runner.fetch_row(BY_NAME, **values)


async def test_transactions_that_outlive_a_close_leave_no_connection(
    database: Database, databases: Databases, begin: Begin
) -> None:
    async def read() -> None:
        async with begin(database) as db:
            await names_within(db)

    async with begin(database) as db:
        # The pool has one connection, so this one waits for it.
        waiting = asyncio.create_task(read())
        await until(lambda: 1 in {pool.waiting for pool in database.pools().values()})
        await names_within(db)
        await database.close()
    await waiting
    await until_backends(databases, 0, "true")


async def test_a_transaction_that_opens_its_connection_after_a_close_leaves_none(
    database: Database, databases: Databases, begin: Begin
) -> None:
    async with begin(database) as db:
        await database.close()
        await names_within(db)
    await until_backends(databases, 0, "true")


async def test_a_transaction_that_begins_before_a_close_connects_while_it_closes(
    database: Database, databases: Databases, begin: Begin
) -> None:
    # In one of these turns of the loop the free connection is being closed.
    for turns in range(8):
        async with begin(database) as db:
            await names_within(db)
        async with begin(database) as db:
            closing = asyncio.create_task(database.close())
            for _ in range(turns):
                await asyncio.sleep(0)
            assert await names_within(db) == ["first", "second"]
        await closing
    await until_backends(databases, 0, "true")


async def test_a_close_after_one_that_was_cancelled_leaves_no_connection(
    databases: Databases, database: Database, begin: Begin
) -> None:
    several = Database(databases.url("posts_app"), size=3)

    async def read(rest: int) -> None:
        async with begin(several) as db:
            await names_within(db)
            if rest:
                await read(rest - 1)

    for turns in range(10):
        await read(2)
        closing = asyncio.create_task(several.close())
        for _ in range(turns):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        await several.close()
    await until_backends(databases, 0, "true")


async def test_two_closes_at_once_leave_no_connection_of_a_caller_between_them(
    database: Database, databases: Databases, begin: Begin
) -> None:
    async def close_and_read() -> None:
        await database.close()
        async with begin(database) as db:
            await names_within(db)

    async with begin(database) as db:
        await names_within(db)
    await asyncio.gather(database.close(), close_and_read())
    await database.close()
    await until_backends(databases, 0, "true")


async def test_a_transaction_that_is_given_up_as_it_commits_leaves_no_connection(
    database: Database, databases: Databases, begin: Begin
) -> None:
    owner = await asyncpg.connect(databases.url("posts_owner"))
    async with owner.transaction():
        # The commit waits for the row that the foreign key names.
        await owner.execute("SELECT FROM posts.things WHERE id = 1 FOR UPDATE")
        adding = asyncio.create_task(add(database, begin, "third", other_id=1))
        await until_backends(databases, 1, "wait_event_type = 'Lock' AND query LIKE 'COMMIT%'")
        adding.cancel()
        await database.close()
    await owner.close()
    # SQLAlchemy before 2.1 lets the caller go at once and commits without it.
    with pytest.raises(asyncio.CancelledError):
        await adding
    await until_backends(databases, 0, "true")


async def test_nothing_is_visible_before_the_block_ends(database: Database, begin: Begin) -> None:
    async with begin(database) as db:
        await insert_into(db, "third")
        assert await names_of_things(database) == ["first", "second"]
        assert len(await names_within(db)) == 3


async def test_deferred_constraint_that_fails_at_the_commit_raises(database: Database, begin: Begin) -> None:
    with pytest.raises(VIOLATIONS) as error:
        await add(database, begin, "third", other_id=1_000)
    assert violates(error.value, "things_other_id_fkey")
    assert await names_of_things(database) == ["first", "second"]


@pytest.mark.parametrize(("name", "constraint"), [("first", "things_name_key"), ("", "things_name_check")])
async def test_violation_names_its_constraint(database: Database, begin: Begin, name: str, constraint: str) -> None:
    with pytest.raises(VIOLATIONS) as error:
        await add(database, begin, name)
    assert violates(error.value, constraint)
    assert not violates(error.value, "things_pkey")


async def test_connection_killed_inside_the_block_is_unavailable(
    database: Database, databases: Databases, begin: Begin
) -> None:
    async def kill_and_go_on(db: Transaction) -> None:
        await databases.end_connections("posts_app")
        await names_within(db)

    with pytest.raises(DatabaseUnavailable):
        await add_and(database, begin, kill_and_go_on)
    assert await names_of_things(database) == ["first", "second"]


async def test_connection_killed_before_the_commit_is_unavailable(
    database: Database, databases: Databases, begin: Begin
) -> None:
    with pytest.raises(DatabaseUnavailable):
        await add_and(database, begin, lambda _: databases.end_connections("posts_app"))
    await add(database, begin, "fourth")
    assert await names_of_things(database) == ["first", "second", "fourth"]


async def test_connection_killed_between_two_blocks_loses_nothing(
    database: Database, databases: Databases, begin: Begin
) -> None:
    await add(database, begin, "third")
    await databases.end_connections("posts_app")
    await add(database, begin, "fourth")
    assert await names_of_things(database) == ["first", "second", "third", "fourth"]
