"""Each service's schema: migrations alone make what the models declare; a service runs on it unless it is behind."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from fastapi import FastAPI
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import identity_service.app
import identity_service.parts
import identity_service.schema
import identity_service.settings
import posts_service.app
import posts_service.parts
import posts_service.settings
from tests.support import services
from tests.support.databases import Databases
from tests.support.fresh import Fresh
from tests.support.next_release import NextRelease
from watchword.database import Database
from watchword.database.migrations import Migrations, SchemaBehind, SchemaForeign, SchemaState, compare
from watchword.errors import AppError

MIGRATIONS = {"identity": identity_service.schema.MIGRATIONS, "posts": posts_service.parts.MIGRATIONS}
BUSY = {"identity": "users", "posts": "posts"}
ROOT = Path(__file__).parents[2]

each_service = pytest.mark.parametrize("service", sorted(MIGRATIONS))


def differences(url: str, migrations: Migrations) -> list[Any]:
    """The operations that autogenerate would write into a new migration."""

    def autogenerate(connection: Connection) -> list[Any]:
        options = {"include_schemas": True, "include_name": only, "compare_server_default": True}
        context = MigrationContext.configure(
            connection, opts={**options, "version_table_schema": migrations.schema, "compare_type": True}
        )
        return list(compare_metadata(context, migrations.metadata))

    def only(name: str | None, kind: str, _: Any) -> bool:
        return kind != "schema" or name == migrations.schema

    async def run() -> list[Any]:
        engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
        async with engine.connect() as connection:
            return await connection.run_sync(autogenerate)

    return asyncio.run(run())


@each_service
def test_metadata_is_the_migrated_schema(databases: Databases, service: str) -> None:
    migrations = MIGRATIONS[service]
    assert migrations.metadata.tables
    assert differences(databases.url(f"{service}_owner"), migrations) == []


@each_service
def test_upgrading_twice_is_upgrading_once(fresh: Fresh, service: str) -> None:
    MIGRATIONS[service].upgrade(fresh.url(f"{service}_owner"))
    tables = fresh.tables(service)
    MIGRATIONS[service].upgrade(fresh.url(f"{service}_owner"))
    assert fresh.tables(service) == tables
    assert "alembic_version" in tables
    assert len(tables) > 1


@each_service
def test_downgrading_leaves_nothing_and_upgrading_works_again(fresh: Fresh, service: str) -> None:
    migrations, url = MIGRATIONS[service], fresh.url(f"{service}_owner")
    migrations.upgrade(url)
    tables = fresh.tables(service)
    command.downgrade(migrations.config(url), "base")
    assert fresh.tables(service) == {"alembic_version"}
    migrations.upgrade(url)
    assert fresh.tables(service) == tables
    assert differences(url, migrations) == []


@each_service
def test_two_migrations_at_once_both_succeed(fresh: Fresh, service: str) -> None:
    environment = os.environ | {f"{service.upper()}_MIGRATION_DATABASE_URL": fresh.url(f"{service}_owner")}
    run = [sys.executable, "-m", f"{service}_service", "migrate"]
    both = [subprocess.Popen(run, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert "alembic_version" in fresh.tables(service)


@each_service
def test_migrations_are_found_from_any_folder(service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = MIGRATIONS[service].head()
    monkeypatch.chdir(tmp_path)
    assert MIGRATIONS[service].head() == head
    assert head


def app_of(service: str, url: str) -> tuple[FastAPI, Database]:
    common: dict[str, Any] = {"database_url": url, "issuer": services.IDENTITY_URL}
    if service == "posts":
        own: dict[str, Any] = {
            "audience": services.POSTS_URL,
            "client_secret": services.POSTS_SECRET,
            "pages_sealing_key": services.SEALING_KEY,
        }
        parts = posts_service.parts.assemble(posts_service.settings.Settings(**common, **own))
        return posts_service.app.create_app(parts), parts.database
    settings = identity_service.settings.Settings(
        **common, key_encryption_key=services.KEY_ENCRYPTION_KEY, email_verification="optional"
    )
    assembled = identity_service.parts.assemble(settings)
    return identity_service.app.create_app(assembled), assembled.database


async def start(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        pass


@each_service
@pytest.mark.parametrize("revision", [None, "0001"])
async def test_service_does_not_start_on_a_schema_behind_and_says_what_to_run(
    fresh: Fresh, service: str, revision: str | None
) -> None:
    refusal = await refusal_at(fresh, service, revision, SchemaBehind)
    assert f"is at {revision}, the code needs {MIGRATIONS[service].head()}" in refusal
    assert f"run: python -m {service}_service migrate" in refusal


@each_service
@pytest.mark.parametrize("revision", ["0000", "another", "99999", "3f2a91c07b1e"])
async def test_service_does_not_start_on_a_revision_of_no_release(fresh: Fresh, service: str, revision: str) -> None:
    refusal = await refusal_at(fresh, service, revision, SchemaForeign)
    assert f"is at {revision}" in refusal
    assert "is it the right database?" in refusal


async def refusal_at(fresh: Fresh, service: str, revision: str | None, kind: type[AppError]) -> str:
    """The text of the error with which a service does not start on a schema at this revision."""
    if revision is not None:
        await set_version(fresh.url(f"{service}_owner"), service, revision)
    app, database = app_of(service, fresh.url(f"{service}_app"))
    with pytest.raises(kind) as refusal:
        await start(app)
    await database.close()
    return str(refusal.value)


async def set_version(url: str, schema: str, version: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE TABLE {schema}.alembic_version (version_num varchar(32) NOT NULL)")
    await connection.execute(f"INSERT INTO {schema}.alembic_version VALUES ($1)", version)  # noqa: S608
    await connection.close()


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        (None, SchemaState.BEHIND),
        ("0001", SchemaState.BEHIND),
        ("0002", SchemaState.BEHIND),
        ("0003", SchemaState.AT_HEAD),
        ("0004", SchemaState.AHEAD),
        ("9999", SchemaState.AHEAD),
        ("0000", SchemaState.FOREIGN),
        ("00004", SchemaState.FOREIGN),
        ("0004, 0005", SchemaState.FOREIGN),
        ("\u0660\u0660\u0660\u0664", SchemaState.FOREIGN),
        ("", SchemaState.FOREIGN),
        ("ffff", SchemaState.FOREIGN),
    ],
)
def test_order_of_revisions_is_that_of_their_numbers(revision: str | None, expected: SchemaState) -> None:
    assert compare(revision, ["0003", "0002", "0001"]) is expected


@each_service
def test_revisions_are_numbered_without_a_gap(service: str) -> None:
    scripts = ScriptDirectory.from_config(MIGRATIONS[service].config(""))
    numbers = [script.revision for script in scripts.walk_revisions()]
    assert numbers == [f"{number:04}" for number in range(len(numbers), 0, -1)]


async def test_readiness_is_for_a_schema_that_is_not_behind(
    databases: Databases, posts: services.Posts, caplog: pytest.LogCaptureFixture
) -> None:
    set_to = "UPDATE posts.alembic_version SET version_num = $1"
    answers: dict[str, tuple[int, str]] = {}
    try:
        for revision in ("9999", "9999", "0001", "another"):
            await databases.execute("posts_owner", set_to, revision)
            answer = await posts.http.get("/readyz")
            answers[revision] = answer.status_code, answer.json()["checks"]["database"]
    finally:
        await databases.fetch("posts_owner", set_to, MIGRATIONS["posts"].head())
    assert answers == {"9999": (200, "9999"), "0001": (503, "schema_behind"), "another": (503, "schema_foreign")}
    warnings = [record.message for record in caplog.records if "ahead of this code" in record.message]
    assert len(warnings) == 1


@each_service
def test_migrating_back_to_an_earlier_release_leaves_the_schema(fresh: Fresh, service: str, tmp_path: Path) -> None:
    url, later = fresh.url(f"{service}_owner"), NextRelease(tmp_path)
    revision = later.add(service, f"op.add_column('{BUSY[service]}', sa.Column('later', sa.Text), schema='{service}')")
    later.migrate(service, url)
    MIGRATIONS[service].upgrade(url)
    assert fresh.revision(service) == revision
    assert f"{BUSY[service]}.later" in fresh.columns(service)


@each_service
def test_a_foreign_schema_is_not_migrated(fresh: Fresh, service: str) -> None:
    url = fresh.url(f"{service}_owner")
    asyncio.run(set_version(url, service, "another"))
    with pytest.raises(SystemExit) as refusal:
        MIGRATIONS[service].migrate(url)
    assert "is at another" in str(refusal.value)
    assert fresh.tables(service) == {"alembic_version"}


@each_service
def test_migrations_are_generated_with_the_next_number(fresh: Fresh, service: str, tmp_path: Path) -> None:
    url, code = fresh.url(f"{service}_owner"), NextRelease(tmp_path)
    code.migrate(service, url)
    following = f"{int(code.head(service)) + 1:04}"
    environment = code.environment(os.environ) | {f"{service.upper()}_MIGRATION_DATABASE_URL": url}
    generate = [sys.executable, "-m", f"{service}_service", "new-migration", "add tags"]
    subprocess.run(generate, env=environment, check=True, capture_output=True)
    assert code.head(service) == following
