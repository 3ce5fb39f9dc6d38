"""Callers of one read who wait for a connection are served together, and each as if they had been alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Integer, String, bindparam, func, select

from tests.shared.tables import ALL_NAMES, BACKEND, THINGS, locked, until_backends
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.database import Database, DatabaseUnavailable, JointRead, Statement
from watchword.database.reads import MOST_TOGETHER

ALL = THINGS.alias("everything")
_NAME, _LIMIT = bindparam("name", type_=String()), bindparam("limit", type_=Integer())
# The instant tells which callers one statement has served.
BY_NAME = JointRead(select(THINGS.c.id, func.statement_timestamp().label("at")).where(THINGS.c.name == _NAME))
FROM_THE_LAST = JointRead(
    select(THINGS.c.name).where(THINGS.c.name != _NAME).order_by(THINGS.c.id.desc()).limit(_LIMIT)
)

_SAME_NAME = select(func.count()).select_from(ALL).where(ALL.c.name == _NAME).scalar_subquery()
COUNT_OF_OWN_NAME = JointRead(select(_SAME_NAME.label("count")).where(THINGS.c.id == 1))


def test_a_read_is_named_after_its_table_alone_and_together_and_not_after_a_query_in_its_columns() -> None:
    newest = select(func.max(ALL.c.id)).scalar_subquery()
    read = JointRead(select(newest, THINGS.c.name).where(THINGS.c.name == _NAME))
    assert (read.name, read.together.name) == ("SELECT posts.things", "SELECT posts.things")
    nested = Statement(select(select(select(THINGS.c.id).subquery("inner")).subquery("outer")))
    assert nested.name == "SELECT posts.things"


def test_a_parameter_with_the_name_of_the_added_column_is_refused() -> None:
    with pytest.raises(ValueError, match="place"):
        JointRead(select(THINGS.c.id).where(THINGS.c.id > bindparam("place", type_=Integer())))


@asynccontextmanager
async def busy(database: Database, databases: Databases) -> AsyncIterator[None]:
    """During the block the one connection is waiting for a lock, on behalf of another caller."""
    async with locked(databases, "things"):
        other = asyncio.create_task(database.reads.fetch_rows(ALL_NAMES))
        await until_backends(databases, 1, "wait_event_type = 'Lock'")
        yield
    await asyncio.gather(other, return_exceptions=True)


async def until_waiting(database: Database, number: int) -> None:
    """Return when so many callers wait for a connection."""
    await until(lambda: database.reads.use().waiting == number)


async def test_each_of_many_gets_their_own_rows_by_few_statements(database: Database, databases: Databases) -> None:
    names = ["first", "second", "nobody"] * MOST_TOGETHER
    async with busy(database, databases):
        reading = [asyncio.create_task(database.reads.fetch_joint_row(BY_NAME, name=name)) for name in names]
        await until_waiting(database, len(names))
    rows = await asyncio.gather(*reading)
    assert [row and row["id"] for row in rows] == [1, 2, None] * MOST_TOGETHER
    assert len({row["at"] for row in rows if row is not None}) == 3
    assert database.reads.use().waiting == 0


async def test_rows_of_each_are_in_order_and_within_their_own_limit(database: Database, databases: Databases) -> None:
    calls = [("nobody", 5), ("second", 5), ("nobody", 1), ("first", 5), ("nobody", 0)]
    async with busy(database, databases):
        reading = [
            asyncio.create_task(database.reads.fetch_joint_rows(FROM_THE_LAST, name=name, limit=limit))
            for name, limit in calls
        ]
        await until_waiting(database, len(calls))
    rows = await asyncio.gather(*reading)
    assert [[row["name"] for row in own] for own in rows] == [
        ["second", "first"],
        ["first"],
        ["second"],
        ["second"],
        [],
    ]


async def test_a_query_in_a_column_has_the_values_of_its_own_caller(database: Database, databases: Databases) -> None:
    names = ["first", "nobody", "first", "second"]
    async with busy(database, databases):
        reading = [asyncio.create_task(database.reads.fetch_joint_row(COUNT_OF_OWN_NAME, name=name)) for name in names]
        await until_waiting(database, len(names))
    assert [row and row["count"] for row in await asyncio.gather(*reading)] == [1, 0, 1, 1]


async def test_caller_who_goes_keeps_nobody_from_being_served(database: Database, databases: Databases) -> None:
    async with busy(database, databases):
        gone, left = [asyncio.create_task(database.reads.fetch_joint_row(BY_NAME, name="first")) for _ in range(2)]
        await until_waiting(database, 2)
        gone.cancel()
    row = await left
    assert row is not None
    assert row["id"] == 1
    assert await database.reads.fetch_row(BACKEND) is not None


async def test_connection_is_free_again_if_all_have_gone(database: Database, databases: Databases) -> None:
    async with busy(database, databases):
        gone = asyncio.create_task(database.reads.fetch_joint_row(BY_NAME, name="first"))
        await until_waiting(database, 1)
        gone.cancel()
    assert await database.reads.fetch_row(BACKEND) is not None
    assert database.reads.use().waiting == 0


async def test_wrong_arguments_are_refused_to_their_caller_alone(database: Database, databases: Databases) -> None:
    async with busy(database, databases):
        right = asyncio.create_task(database.reads.fetch_joint_row(BY_NAME, name="second"))
        wrong = asyncio.create_task(database.reads.fetch_joint_row(BY_NAME, nmae="second"))
        with pytest.raises(TypeError, match="takes name; missing or unknown: name, nmae"):
            await wrong
    row = await right
    assert row is not None
    assert row["id"] == 2


async def test_all_are_refused_if_the_database_fails(database: Database, databases: Databases) -> None:
    async with locked(databases, "things"):
        reading = [asyncio.create_task(database.reads.fetch_joint_row(BY_NAME, name="first")) for _ in range(5)]
        await until_backends(databases, 1, "wait_event_type = 'Lock'")
        # The first is served alone; of the others one statement waits for the same lock then.
        await databases.end_connections("posts_app", "wait_event_type = 'Lock'")
        await until_backends(databases, 1, "wait_event_type = 'Lock'")
        await databases.end_connections("posts_app", "wait_event_type = 'Lock'")
        outcomes = await asyncio.gather(*reading, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    assert await database.reads.fetch_joint_row(BY_NAME, name="first") is not None
