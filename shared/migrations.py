"""Alembic, one history per service in the service's own schema, and the rule that a service starts at its head only."""

import asyncio
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, column, select, table, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.errors import Unavailable
from shared.reads import ReadPool, ReadStatement

VERSION_TABLE = "alembic_version"


class SchemaNotAtHead(Unavailable):
    code = "schema_not_at_head"


class Migrations:
    """The migrations of one service: `package` is where its `migrations` folder lies."""

    def __init__(self, package: str, schema: str, metadata: MetaData) -> None:
        self._package = package
        self.schema = schema
        self.metadata = metadata
        self._version = ReadStatement(select(column("version_num")).select_from(table(VERSION_TABLE, schema=schema)))

    def config(self, url: str) -> Config:
        config = Config()
        config.set_main_option("script_location", f"{self._package}:migrations")
        config.attributes.update(url=url, migrations=self)
        return config

    def upgrade(self, url: str, revision: str = "head") -> None:
        """Bring the schema up. Several at once wait for each other; at head already, nothing happens."""
        command.upgrade(self.config(url), revision)

    def generate(self, url: str, message: str) -> None:
        """Write the next migration from what the models say and the database lacks; somebody reads it before use."""
        command.revision(self.config(url), message, autogenerate=True)

    def head(self) -> str | None:
        return ScriptDirectory.from_config(self.config("")).get_current_head()

    async def ensure_at_head(self, reads: ReadPool) -> str:
        """The revision in place. Raises SchemaNotAtHead, which says what to run, where it is not the newest."""
        import asyncpg

        head = self.head()
        try:
            row = await reads.row(self._version)
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
            row = None
        found = row["version_num"] if row is not None else None
        if found != head:
            raise SchemaNotAtHead(
                f"schema {self.schema} is at {found}, the code needs {head}; run: python -m {self._package} migrate"
            )
        return str(found)


def run_env() -> None:
    """What a service's migrations/env.py does."""
    migrations: Migrations = context.config.attributes["migrations"]
    asyncio.run(_run(context.config.attributes["url"], migrations))


async def _run(url: str, migrations: Migrations) -> None:
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, migrations)
            await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection, migrations: Migrations) -> None:
    context.configure(
        connection=connection,
        target_metadata=migrations.metadata,
        version_table_schema=migrations.schema,
        include_schemas=True,
        include_name=_only(migrations.schema),
    )
    with context.begin_transaction():
        # Held until the transaction ends: a second migration waits here and then finds nothing to do.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": migrations.schema})
        context.run_migrations()


def _only(schema: str) -> Any:
    def include(name: str | None, kind: str, _: Any) -> bool:
        return kind != "schema" or name == schema

    return include
