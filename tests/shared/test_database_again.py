"""A database that is used after it was closed connects anew: an app may be started a second time."""

import asyncio

import pytest

from tests.shared.tables import SELECT_NAMES, Way, each_way, locked, names_of_things, until_backends
from tests.shared.test_migrations import MIGRATIONS, app_of, each_service
from tests.support.databases import Databases
from watchword.database import Database

NO_USE = {"transactions": (1, 0, 0), "reads": (1, 0, 0), "writes": (1, 0, 0)}


@each_way
async def test_a_closed_database_connects_anew_and_can_be_closed_again(
    database: Database, databases: Databases, way: Way
) -> None:
    for _ in range(2):
        assert [row["name"] for row in await way(database, SELECT_NAMES)] == ["first", "second"]
        await database.close()
        assert database.pools() == NO_USE
        await until_backends(databases, 0, "true")


async def test_a_read_that_waited_when_its_pool_was_closed_leaves_no_connection(
    database: Database, databases: Databases
) -> None:
    async with locked(databases, "things"):
        # The pool has one connection, so the second read waits for the first.
        reads = [asyncio.create_task(names_of_things(database)) for _ in range(2)]
        await until_backends(databases, 1, "wait_event_type = 'Lock'")
        assert database.reads.use().waiting == 1
        await database.close()
    assert await asyncio.gather(*reads) == [["first", "second"]] * 2
    await until_backends(databases, 0, "true")


@each_service
@pytest.mark.usefixtures("without_issuer")
async def test_an_app_can_be_started_a_second_time(databases: Databases, service: str) -> None:
    app, database = app_of(service, databases.url(f"{service}_app"))
    for _ in range(2):
        async with app.router.lifespan_context(app):
            assert await MIGRATIONS[service].usable_revision(database.reads) == MIGRATIONS[service].head()
