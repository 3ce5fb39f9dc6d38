"""A database that refuses is named in one line, without a traceback: a role without rights, no changes, no server."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.shared.test_migrations import MIGRATIONS, app_of, each_service, start
from tests.support import services
from tests.support.databases import Databases
from tests.support.fresh import Fresh
from watchword.database.migrations import SchemaForbidden


@pytest.fixture
def fresh(databases: Databases) -> Iterator[Fresh]:
    """Both schemas without a table."""
    fresh = Fresh(databases)
    yield fresh
    fresh.drop()


@each_service
@pytest.mark.parametrize("right", ["USAGE ON SCHEMA {0}", "SELECT ON {0}.alembic_version"])
async def test_service_does_not_start_without_rights_on_its_schema_and_says_so(
    fresh: Fresh, service: str, right: str
) -> None:
    await asyncio.to_thread(MIGRATIONS[service].upgrade, fresh.url(f"{service}_owner"))
    fresh.ask(f"REVOKE {right.format(service)} FROM {service}_app")
    app, database = app_of(service, fresh.url(f"{service}_app"))
    with pytest.raises(SchemaForbidden, match=f"may not read the schema {service}: permission denied"):
        await start(app)
    await database.close()


async def test_service_whose_rights_are_taken_away_is_not_ready(databases: Databases, posts: services.Posts) -> None:
    await databases.execute("posts_owner", "REVOKE SELECT ON posts.alembic_version FROM posts_app")
    try:
        answer = await posts.http.get("/readyz")
    finally:
        await databases.execute("posts_owner", "GRANT SELECT ON posts.alembic_version TO posts_app")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "schema_forbidden")
