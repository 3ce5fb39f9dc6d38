"""The write path: statements that are prepared once per connection run in a transaction, or are a whole one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from sqlalchemy import Insert, String, bindparam, delete, func, insert, literal, literal_column, select, update

from tests.shared.tables import BACKEND, BY_NAME, SLOW, THINGS, names_of_things, things, until_running
from tests.support.databases import Databases
from watchword.database import Database, DatabaseUnavailable, Statement, WriteTransaction, violates

ADD = Statement(insert(THINGS).values(name=bindparam("name"), other_id=bindparam("other_id")))
ADDED = Statement(insert(THINGS).values(name=bindparam("name")).returning(THINGS.c.id, THINGS.c.name))
RENAME = Statement(update(THINGS).values(name=bindparam("new")).where(THINGS.c.name == bindparam("old")))
REMOVED = Statement(delete(THINGS).where(THINGS.c.name == bindparam("name")).returning(THINGS.c.id))
MAKE_READ_ONLY = Statement(select(func.set_config("default_transaction_read_only", "on", literal(False))))
PARALLEL_WORKERS = Statement(
    select(func.current_setting(literal_column("'max_parallel_workers_per_gather'")).label("number"))
)
PLAN_CACHE_MODE = Statement(select(func.current_setting(literal_column("'plan_cache_mode'")).label("mode")))

Work = Callable[[WriteTransaction], Awaitable[object]]


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """A database with two connections in each pool, and the table of things."""
    database = Database(databases.url("posts_app"), size=2)
    async with things(databases):
        yield database
        await database.close()


async def add(database: Database, name: str) -> None:
    async with database.writes.begin() as db:
        await db.execute(ADD, name=name, other_id=None)


async def add_and(database: Database, then: Work) -> None:
    """One block that adds a row and then does something else."""
    async with database.writes.begin() as db:
        await db.execute(ADD, name="third", other_id=None)
        await then(db)


async def backend(database: Database) -> int:
    row = await database.writes.fetch_row(BACKEND)
    assert row is not None
    return int(row["pid"])


async def test_statements_of_every_kind_are_committed_with_the_block(database: Database) -> None:
    async with database.writes.begin() as db:
        await db.execute(ADD, name="third", other_id=None)
        await db.execute(RENAME, old="third", new="last")
        added = await db.fetch_row(ADDED, name="fourth")
        assert added is not None
        assert added["name"] == "fourth"
        assert len(await db.fetch_rows(REMOVED, name="first")) == 1
    assert await names_of_things(database) == ["second", "last", "fourth"]


async def test_connection_is_used_again_after_a_rollback(database: Database) -> None:
    async def fail(_: WriteTransaction) -> None:
        raise LookupError

    before = await backend(database)
    with pytest.raises(LookupError):
        await add_and(database, fail)
    assert await backend(database) == before


async def test_statement_that_is_a_whole_transaction_is_committed(database: Database) -> None:
    added = await database.writes.fetch_row(ADDED, name="third")
    assert added is not None
    assert await database.writes.fetch_rows(REMOVED, name="first") != []
    assert await names_of_things(database) == ["second", "third"]


@pytest.mark.parametrize(("name", "constraint"), [("first", "things_name_key"), ("", "things_name_check")])
async def test_connection_is_used_again_after_a_violation_which_names_its_constraint(
    database: Database, name: str, constraint: str
) -> None:
    before = await backend(database)
    for attempt in (add(database, name), database.writes.fetch_row(ADDED, name=name)):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as error:
            await attempt
        assert violates(error.value, constraint)
    assert await backend(database) == before


async def test_error_that_does_not_leave_its_block_commits_nothing_and_says_so(database: Database) -> None:
    async def violate(db: WriteTransaction) -> None:
        with pytest.raises(asyncpg.UniqueViolationError):
            await db.execute(ADD, name="first", other_id=None)

    with pytest.raises(RuntimeError, match="nothing was committed"):
        await add_and(database, violate)
    assert await names_of_things(database) == ["first", "second"]


@pytest.mark.parametrize("error", [None, LookupError()])
async def test_transaction_that_has_ended_runs_nothing(database: Database, error: Exception | None) -> None:
    ended: list[WriteTransaction] = []

    async def keep(db: WriteTransaction) -> None:
        ended.append(db)
        if error is not None:
            raise error

    try:
        await add_and(database, keep)
    except LookupError:
        assert error is not None
    with pytest.raises(RuntimeError, match="the transaction has ended"):
        await ended[0].execute(ADD, name="fourth", other_id=None)


async def test_connection_killed_before_a_rollback_hides_no_error(database: Database, databases: Databases) -> None:
    async def kill_and_fail(_: WriteTransaction) -> None:
        await databases.end_connections("posts_app")
        raise LookupError("of our own")

    with pytest.raises(LookupError, match="of our own"):
        await add_and(database, kill_and_fail)
    await add(database, "fourth")
    assert await names_of_things(database) == ["first", "second", "fourth"]


async def test_block_that_is_cancelled_is_rolled_back_and_gives_no_connection_back(
    database: Database, databases: Databases
) -> None:
    before = await backend(database)
    running = asyncio.create_task(add_and(database, lambda db: db.execute(SLOW)))
    await until_running(databases, 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    # Waits for the row of the cancelled block, if it is still being written.
    await add(database, "third")
    assert await backend(database) != before
    assert database.pools()["writes"] == (2, 0, 0)


async def test_block_that_is_cancelled_between_two_statements_is_rolled_back(database: Database) -> None:
    before, reached = await backend(database), asyncio.Event()

    async def wait(_: WriteTransaction) -> None:
        reached.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(add_and(database, wait))
    await reached.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await add(database, "third")
    assert await backend(database) != before


async def test_server_that_takes_no_changes_is_unavailable_and_connected_to_anew(database: Database) -> None:
    await database.writes.fetch_row(MAKE_READ_ONLY)
    with pytest.raises(DatabaseUnavailable):
        await add(database, "third")
    await add(database, "third")
    assert await names_of_things(database) == ["first", "second", "third"]


async def test_statement_is_prepared_once_per_connection(database: Database) -> None:
    before = await backend(database)
    for _ in range(5):
        async with database.writes.begin() as db:
            await db.fetch_row(BY_NAME, name="first")
            await db.fetch_rows(BY_NAME, name="first")
    prepared = select(literal_column("statement", String)).select_from(func.pg_prepared_statement())
    rows = await database.writes.fetch_rows(Statement(prepared))
    assert len([row for row in rows if "FROM posts.things" in row["statement"]]) == 1
    assert await backend(database) == before


async def test_change_of_a_table_fails_one_transaction_and_no_other(database: Database, databases: Databases) -> None:
    async def read_both() -> None:
        async with database.writes.begin() as one, database.writes.begin() as other:
            for db in (one, other):
                await db.fetch_row(BY_NAME, name="first")

    await read_both()
    await databases.execute("posts_owner", "ALTER TABLE posts.things ALTER COLUMN name TYPE varchar(20)")
    with pytest.raises(DatabaseUnavailable):
        await read_both()
    await read_both()


async def test_statement_that_is_a_whole_transaction_outlives_a_change_of_its_table(
    database: Database, databases: Databases
) -> None:
    await database.writes.fetch_row(ADDED, name="third")
    await databases.execute("posts_owner", "ALTER TABLE posts.things ALTER COLUMN name TYPE varchar(20)")
    await database.writes.fetch_row(ADDED, name="fourth")
    assert await names_of_things(database) == ["first", "second", "third", "fourth"]


async def test_statements_are_planned_once_unless_the_url_says_otherwise(databases: Databases) -> None:
    for option, mode in ("", "force_generic_plan"), ("?options=-c%20plan_cache_mode%3Dforce_custom_plan", None):
        database = Database(databases.url("posts_app") + option, size=1)
        for pool in (database.reads, database.writes):
            row = await pool.fetch_row(PLAN_CACHE_MODE)
            assert row is not None
            assert row["mode"] == (mode or "force_custom_plan")
        await database.close()


async def test_plan_for_every_limit_starts_no_processes(database: Database) -> None:
    for pool in (database.reads, database.writes):
        row = await pool.fetch_row(PARALLEL_WORKERS)
        assert row is not None
        assert row["number"] == "0"


@pytest.mark.parametrize(
    ("statement", "name"),
    [(ADD, "INSERT"), (ADDED, "INSERT"), (RENAME, "UPDATE"), (REMOVED, "DELETE"), (BY_NAME, "SELECT")],
)
def test_statement_is_named_for_its_verb_and_its_table(statement: Statement, name: str) -> None:
    assert statement.name == f"{name} posts.things"


def test_insert_returns_only_what_it_says() -> None:
    assert "RETURNING" not in Statement(Insert(THINGS).values(name="a name")).sql
    assert "RETURNING posts.things.id, posts.things.name" in ADDED.sql


async def test_argument_that_is_missing_is_named_before_anything_is_run(database: Database) -> None:
    async with database.writes.begin() as db:
        with pytest.raises(TypeError, match="takes name, other_id; missing or unknown: other_id"):
            await db.execute(ADD, name="third")
        await db.execute(ADD, name="third", other_id=None)
    assert await names_of_things(database) == ["first", "second", "third"]
