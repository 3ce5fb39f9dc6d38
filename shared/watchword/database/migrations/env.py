"""Running Alembic on a service's schema, one migration at a time.

Alembic is imported where it is used, because a running service imports this package and does not need it.
"""

import asyncio
import logging
import time
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from watchword.database.connections import connect
from watchword.database.locks import try_lock_connection
from watchword.database.migrations.migrations import Migrations
from watchword.database.migrations.state import MigrationFailed

logger = logging.getLogger("watchword.migrations")

LOCK_TIMEOUT_MILLISECONDS: Final = 500
"""How long a migration waits for a table, since every statement that needs the table queues behind it meanwhile.

It is less than PostgreSQL's deadlock_timeout: if a migration and a request wait for each other, the migration fails.
"""

CONNECT_TIMEOUT_SECONDS: Final = 60.0

OTHER_MIGRATION_CHECK_SECONDS: Final = 0.2
OTHER_MIGRATION_CHECKS: Final = 3_000


def run_env() -> None:
    """Run Alembic for the command that is being executed. A service's migrations/env.py consists of this call."""
    from alembic import context

    migrations: Migrations = context.config.attributes["migrations"]
    asyncio.run(_run(context.config.attributes["url"], migrations))


async def _run(url: str, migrations: Migrations) -> None:
    new_connection = partial(connect, url, timeout=CONNECT_TIMEOUT_SECONDS, command_timeout=None)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=new_connection, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, migrations)
            await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection, migrations: Migrations) -> None:
    from alembic import context

    _wait_for_other_migrations(connection, migrations.schema)
    _bound_waiting(connection)
    context.configure(
        connection=connection,
        target_metadata=migrations.metadata,
        version_table_schema=migrations.schema,
        include_schemas=True,
        include_name=_only(migrations.schema),
        transaction_per_migration=True,
    )
    migrations.ensure_upgradable(context.get_context().get_current_heads())
    with context.begin_transaction():
        context.run_migrations()


def _wait_for_other_migrations(connection: Connection, schema: str) -> None:
    """Return when this connection has the lock that every migration of the schema takes; it holds it until it ends."""
    # The lock is tried, not waited for: a statement that waits holds a snapshot, and an index that the other migration
    # builds concurrently waits for every snapshot.
    for check in range(OTHER_MIGRATION_CHECKS):
        if try_lock_connection(connection, f"{schema} migrations"):
            connection.commit()
            return
        connection.commit()
        if check == 0:
            logger.warning("schema %s: another migration is under way; waiting for it", schema)
        time.sleep(OTHER_MIGRATION_CHECK_SECONDS)
    raise MigrationFailed(
        f"schema {schema}: another migration is under way, and does not end; its process is one of those that hold"
        " an advisory lock (pg_locks)"
    )


def _bound_waiting(connection: Connection) -> None:
    connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MILLISECONDS}"))
    # If the migration is killed, the server notices within a second and rolls back, also while it waits for a lock.
    connection.execute(text("SET client_connection_check_interval = 1000"))
    connection.commit()


def _only(schema: str) -> Any:
    def include(name: str | None, kind: str, _: Any) -> bool:
        return kind != "schema" or name == schema

    return include
