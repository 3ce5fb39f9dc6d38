"""Each service's schema: what its models say, made by its migrations alone, and never run at any other revision."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi import FastAPI
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import identity_service.app
import identity_service.parts
import identity_service.settings
import posts_service.app
import posts_service.parts
import posts_service.settings
from deploy.local.postgres import prepare_database
from shared.database import Database
from shared.migrations import Migrations, SchemaNotAtHead
from tests.support import services
from tests.support.databases import Databases

MIGRATIONS = {"identity": identity_service.parts.MIGRATIONS, "posts": posts_service.parts.MIGRATIONS}
ROOT = Path(__file__).parents[2]

each_service = pytest.mark.parametrize("service", sorted(MIGRATIONS))


class Fresh:
    """A database of the same server, with roles and schemas and nothing in them."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self.name = f"fresh_{uuid4().hex[:8]}"
        prepare_database(databases.server, self.name, databases.passwords)

    def url(self, role: str) -> str:
        return make_url(self._databases.url(role)).set(database=self.name).render_as_string(hide_password=False)

    def drop(self) -> None:
        self._databases.server.psql("postgres", f'DROP DATABASE "{self.name}" WITH (FORCE)')

    def tables(self, service: str) -> set[str]:
        names = f"SELECT tablename FROM pg_tables WHERE schemaname = '{service}'"  # noqa: S608
        return set(self._databases.server.psql(self.name, names).split())


@pytest.fixture
def fresh(databases: Databases) -> Iterator[Fresh]:
    fresh = Fresh(databases)
    yield fresh
    fresh.drop()


def differences(url: str, migrations: Migrations) -> list[Any]:
    """What autogenerate would write into a new migration."""

    def compare(connection: Connection) -> list[Any]:
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
            return await connection.run_sync(compare)

    return asyncio.run(run())


@each_service
def test_metadata_is_the_migrated_schema(databases: Databases, service: str) -> None:
    migrations = MIGRATIONS[service]
    assert migrations.metadata.tables
    assert differences(databases.url(f"{service}_owner"), migrations) == []


@each_service
def test_upgrading_twice_is_upgrading_once(fresh: Fresh, service: str) -> None:
    MIGRATIONS[service].upgrade(fresh.url(f"{service}_owner"))
    made = fresh.tables(service)
    MIGRATIONS[service].upgrade(fresh.url(f"{service}_owner"))
    assert made == fresh.tables(service)
    assert "alembic_version" in made
    assert len(made) > 1


@each_service
def test_downgrading_leaves_nothing_and_upgrading_works_again(fresh: Fresh, service: str) -> None:
    migrations, url = MIGRATIONS[service], fresh.url(f"{service}_owner")
    migrations.upgrade(url)
    made = fresh.tables(service)
    command.downgrade(migrations.config(url), "base")
    assert fresh.tables(service) == {"alembic_version"}
    migrations.upgrade(url)
    assert fresh.tables(service) == made
    assert differences(url, migrations) == []


@each_service
def test_two_migrations_at_once_both_succeed(fresh: Fresh, service: str) -> None:
    environment = os.environ | {f"{service.upper()}_MIGRATION_DATABASE_URL": fresh.url(f"{service}_owner")}
    run = [sys.executable, "-m", f"{service}_service", "migrate"]
    both = [subprocess.Popen(run, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
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
        own: dict[str, Any] = {"audience": services.POSTS_URL, "client_secret": "x" * 16}
        parts = posts_service.parts.assemble(posts_service.settings.Settings(**common, **own))
        return posts_service.app.create_app(parts), parts.database
    settings = identity_service.settings.Settings(**common, key_encryption_key=services.KEY_ENCRYPTION_KEY)
    assembled = identity_service.parts.assemble(settings)
    return identity_service.app.create_app(assembled), assembled.database


async def start(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        pass


@each_service
@pytest.mark.parametrize("found", [None, "an older one"])
async def test_service_does_not_start_on_another_schema_and_says_what_to_run(
    databases: Databases, fresh: Fresh, service: str, found: str | None
) -> None:
    if found is not None:
        await set_version(fresh.url(f"{service}_owner"), service, found)
    app, database = app_of(service, fresh.url(f"{service}_app"))
    with pytest.raises(SchemaNotAtHead) as refusal:
        await start(app)
    assert f"is at {found}" in str(refusal.value)
    assert f"run: python -m {service}_service migrate" in str(refusal.value)
    await database.close()


async def set_version(url: str, schema: str, version: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE TABLE {schema}.alembic_version (version_num varchar(32) NOT NULL)")
    await connection.execute(f"INSERT INTO {schema}.alembic_version VALUES ($1)", version)  # noqa: S608
    await connection.close()


async def test_service_whose_schema_moves_on_is_not_ready(databases: Databases, posts: services.Posts) -> None:
    set_to = "UPDATE posts.alembic_version SET version_num = $1"
    await databases.fetch("posts_owner", set_to, "another")
    try:
        answer = await posts.http.get("/readyz")
    finally:
        await databases.fetch("posts_owner", set_to, MIGRATIONS["posts"].head())
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "schema_not_at_head"
