"""The unit of work: its block is the transaction, and an error of the database in it is unavailable."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.shared.tables import THINGS, names_of_things, things
from tests.support.databases import Databases
from watchword.database import Database, DatabaseUnavailable, violates


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    database = Database(databases.url("posts_app"), size=2)
    async with things(databases):
        yield database
        await database.close()


async def add(database: Database, name: str, other_id: int | None = None) -> None:
    async with database.begin() as db:
        await db.execute(THINGS.insert().values(name=name, other_id=other_id))


async def add_and(database: Database, then: Callable[[AsyncSession], Awaitable[object]]) -> None:
    """One block that adds a row and then does something else."""
    async with database.begin() as db:
        await db.execute(THINGS.insert().values(name="third"))
        await then(db)


async def test_leaving_the_block_commits(database: Database) -> None:
    await add(database, "third")
    assert await names_of_things(database) == ["first", "second", "third"]


async def test_exception_rolls_back_and_is_raised(database: Database) -> None:
    async def fail(_: AsyncSession) -> None:
        raise LookupError("of our own")

    with pytest.raises(LookupError, match="of our own"):
        await add_and(database, fail)
    assert await names_of_things(database) == ["first", "second"]


async def test_nothing_is_visible_before_the_block_ends(database: Database) -> None:
    async with database.begin() as db:
        await db.execute(THINGS.insert().values(name="third"))
        assert await names_of_things(database) == ["first", "second"]


async def test_deferred_constraint_that_fails_at_the_commit_raises(database: Database) -> None:
    with pytest.raises(IntegrityError) as error:
        await add(database, "third", other_id=1_000)
    assert violates(error.value, "things_other_id_fkey")
    assert await names_of_things(database) == ["first", "second"]


@pytest.mark.parametrize(("name", "constraint"), [("first", "things_name_key"), ("", "things_name_check")])
async def test_violation_names_its_constraint(database: Database, name: str, constraint: str) -> None:
    with pytest.raises(IntegrityError) as error:
        await add(database, name)
    assert violates(error.value, constraint)
    assert not violates(error.value, "things_pkey")


async def test_values_are_not_shown_with_an_error(database: Database) -> None:
    with pytest.raises(IntegrityError) as error:
        async with database.begin() as db:
            await db.execute(text("INSERT INTO posts.things (id, name) VALUES (DEFAULT, :name)"), {"name": "first"})
    assert "parameters: (" not in str(error.value)


async def test_connection_killed_inside_the_block_is_unavailable(database: Database, databases: Databases) -> None:
    async def kill_and_go_on(db: AsyncSession) -> None:
        await databases.end_connections("posts_app")
        await db.execute(select(THINGS))

    with pytest.raises(DatabaseUnavailable):
        await add_and(database, kill_and_go_on)
    assert await names_of_things(database) == ["first", "second"]


async def test_connection_killed_before_the_commit_is_unavailable(database: Database, databases: Databases) -> None:
    with pytest.raises(DatabaseUnavailable):
        await add_and(database, lambda _: databases.end_connections("posts_app"))
    await add(database, "fourth")
    assert await names_of_things(database) == ["first", "second", "fourth"]


async def test_connection_killed_between_two_blocks_loses_nothing(database: Database, databases: Databases) -> None:
    await add(database, "third")
    await databases.end_connections("posts_app")
    await add(database, "fourth")
    assert await names_of_things(database) == ["first", "second", "third", "fourth"]


@pytest.mark.parametrize("statement", ["SELECT * FROM posts.nowhere", "SELECT 1/0", "SELEKT", "DROP TABLE posts.posts"])
async def test_mistake_in_a_statement_is_not_the_databases_fault(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError):
        async with database.begin() as db:
            await db.execute(text(statement))
