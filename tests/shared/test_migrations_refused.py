"""A database that refuses is named in one line, without a traceback: a role without rights, no changes, no server."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shared.test_migrations import MIGRATIONS, app_of, each_service, start
from tests.support import services
from tests.support.databases import Databases
from tests.support.fresh import Fresh
from tests.support.next_release import NextRelease
from watchword.database.migrations import Migrations, SchemaForbidden

AWAY = "postgresql://owner:a-password@127.0.0.1:1/watchword"


def migrate(migrations: Migrations, url: str) -> None:
    migrations.migrate(url)


def generate(migrations: Migrations, url: str) -> None:
    migrations.generate(url, "add tags")


each_command = pytest.mark.parametrize("command", [migrate, generate])
Command = Callable[[Migrations, str], None]


def refusal(command: Command, service: str, url: str) -> str:
    """The line with which the command exits, with status 1 since it is a text."""
    with pytest.raises(SystemExit) as refused:
        command(MIGRATIONS[service], url)
    assert isinstance(refused.value.code, str)
    assert "\n" not in refused.value.code
    return refused.value.code


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


@each_service
@each_command
def test_a_role_that_may_not_change_the_schema_is_refused_in_one_line(
    fresh: Fresh, service: str, command: Command
) -> None:
    line = refusal(command, service, fresh.url(f"{service}_app"))
    assert line == f"the database refuses the migration: permission denied for schema {service}"


@each_command
def test_a_server_that_takes_no_changes_is_named_in_one_line(fresh: Fresh, command: Command) -> None:
    fresh.ask(f"ALTER ROLE posts_owner IN DATABASE {fresh.name} SET default_transaction_read_only = on")
    assert "in a read-only transaction" in refusal(command, "posts", fresh.url("posts_owner"))


@each_command
def test_a_server_that_is_away_is_named_in_one_line(command: Command) -> None:
    assert refusal(command, "posts", AWAY).startswith("cannot connect to the database: ")


def test_a_migration_that_finds_the_disk_full_is_undone_and_says_so(fresh: Fresh, tmp_path: Path) -> None:
    later = NextRelease(tmp_path)
    later.migrate("posts", fresh.url("posts_owner"))
    before = fresh.revision("posts")
    later.add("posts", """op.execute("DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$")""")
    with later.migrating("posts", fresh.url("posts_owner")) as job:
        error = job.communicate(timeout=60)[1]
    assert (job.returncode, error) == (1, "the database refuses the migration: no space left\n")
    assert fresh.revision("posts") == before


@each_service
def test_no_migration_is_generated_from_a_schema_that_is_behind(fresh: Fresh, service: str) -> None:
    assert refusal(generate, service, fresh.url(f"{service}_owner")) == "Target database is not up to date."
