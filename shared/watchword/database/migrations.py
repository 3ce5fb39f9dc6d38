"""Alembic, one history per service in the service's own schema, and which revisions a service runs on.

Revisions are numbered: 0001, 0002, … A schema that is ahead of the code is as good as its own, because a migration only
adds what a release needs, and what a release no longer needs goes with a later one (docs/decisions/0012-upgrades.md).
"""

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from enum import Enum, auto
from functools import cached_property
from typing import Any, Final

import asyncpg
from alembic import command, context, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, column, select, table, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from watchword.database.reads import ReadPool, ReadStatement
from watchword.errors import AppError, Unavailable

logger = logging.getLogger("watchword.migrations")

VERSION_TABLE: Final = "alembic_version"
# Everything that wants the table queues behind a migration that waits for it. And it is less than PostgreSQL's
# deadlock_timeout: where a migration and a request wait for each other, the migration gives way.
LOCK_MILLISECONDS: Final = 500
PAUSE_SECONDS: Final = 1.0
TRIES: Final = 60
TURN_SECONDS: Final = 0.2
TURNS: Final = 3_000

_NUMBER: Final = re.compile("[0-9]{4}")
_LOCK_NOT_AVAILABLE, _DEADLOCK_DETECTED = "55P03", "40P01"


class SchemaBehind(Unavailable):
    code = "schema_behind"


class SchemaForeign(Unavailable):
    code = "schema_foreign"


class SchemaAhead(AppError):
    code = "schema_ahead"


class MigrationFailed(Unavailable):
    code = "migration_failed"


class SchemaState(Enum):
    BEHIND = auto()
    AT_HEAD = auto()
    AHEAD = auto()
    FOREIGN = auto()


def standing(found: str | None, known: Sequence[str]) -> SchemaState:
    """How a schema at revision `found` stands to code that knows these revisions, the newest first."""
    if found == known[0]:
        return SchemaState.AT_HEAD
    if found is None or found in known:
        return SchemaState.BEHIND
    is_later = _NUMBER.fullmatch(found) and _NUMBER.fullmatch(known[0]) and found > known[0]
    return SchemaState.AHEAD if is_later else SchemaState.FOREIGN


class Migrations:
    """The migrations of one service: `package` is where its `migrations` folder lies."""

    def __init__(self, package: str, schema: str, metadata: MetaData) -> None:
        self._package = package
        self.schema = schema
        self.metadata = metadata
        self._version = ReadStatement(select(column("version_num")).select_from(table(VERSION_TABLE, schema=schema)))
        self._ahead: str | None = None

    def config(self, url: str) -> Config:
        config = Config()
        config.set_main_option("script_location", f"{self._package}:migrations")
        config.attributes.update(url=url, migrations=self)
        return config

    def migrate(self, url: str) -> None:
        """What `migrate` does on the command line: `upgrade`, or one line that says why not and an exit with 1."""
        try:
            self.upgrade(url)
        except AppError as error:
            raise SystemExit(error.reason) from None

    def upgrade(self, url: str, revision: str = "head", *, tries: int = TRIES) -> None:
        """Bring the schema up, each revision in a transaction of its own. Several at once take turns; a schema that is
        at the revision, or ahead of this code, stays as it is.

        A revision that does not get a lock soon gives way to what is under way, and is tried again. Raises
        MigrationFailed when it never gets one or loses the database; SchemaForeign where the schema is no release's.
        """
        for left in reversed(range(tries)):
            try:
                command.upgrade(self.config(url), revision)
                return
            except SchemaAhead as ahead:
                logger.warning("%s; it stays as it is", ahead.reason)
                return
            except DBAPIError as error:
                if not _gave_way(error):
                    raise
                logger.warning("schema %s: a table is in use; %s tries are left", self.schema, left)
            if left:
                time.sleep(PAUSE_SECONDS)
        raise MigrationFailed(
            f"schema {self.schema}: a transaction has held on to a table for {tries} tries. End it, or wait for it, and"
            " run this again (docs/operations.md says how to find it); what was begun is undone or can be repeated"
        )

    def generate(self, url: str, message: str) -> None:
        """Write the next migration from what the models say and the database lacks; somebody reads it before use."""
        following = f"{int(self.head() or 0) + 1:04}"
        command.revision(self.config(url), message, autogenerate=True, rev_id=following)

    def head(self) -> str | None:
        return ScriptDirectory.from_config(self.config("")).get_current_head()

    async def ensure_usable(self, reads: ReadPool) -> str:
        """The revision in place: this code's newest or a later one.

        Raises SchemaBehind, which says what to run, or SchemaForeign.
        """
        try:
            rows = await reads.rows(self._version)
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
            rows = []
        found = sorted(str(row["version_num"]) for row in rows)
        try:
            self.ensure_known(found)
        except SchemaAhead as ahead:
            if self._ahead != found[0]:
                self._ahead = found[0]
                logger.warning("%s; it will do", ahead.reason)
        return found[0]

    def ensure_known(self, found: Sequence[str], *, behind_too: bool = False) -> None:
        """Raise SchemaBehind, SchemaAhead or SchemaForeign where the schema is not at this code's newest revision."""
        place = ", ".join(found) or None
        match standing(place, self._known):
            case SchemaState.BEHIND if not behind_too:
                raise SchemaBehind(
                    f"schema {self.schema} is at {place}, the code needs {self._known[0]};"
                    f" run: python -m {self._package} migrate"
                )
            case SchemaState.AHEAD:
                raise SchemaAhead(
                    f"schema {self.schema} is at {place}, ahead of this code, which knows {self._known[0]}"
                )
            case SchemaState.FOREIGN:
                raise SchemaForeign(
                    f"schema {self.schema} is at {place}, which is no revision that this code, at {self._known[0]},"
                    " can have come from or lead to; is it the right database?"
                )

    @cached_property
    def _known(self) -> Sequence[str]:
        # Read once: /readyz asks every few seconds.
        return [script.revision for script in ScriptDirectory.from_config(self.config("")).walk_revisions()]


def create_index_concurrently(name: str, table: str, columns: Sequence[Any], *, schema: str, **options: Any) -> None:
    """For migrations: an index on a table in use, for which nobody waits. It comes first in its revision, because it
    commits what came before it, and can be repeated: what a try that was cut off has left behind is dropped."""
    with op.get_context().autocommit_block():
        # It waits for the transactions under way, and nobody waits behind it.
        op.execute("SET lock_timeout = 0")
        op.drop_index(name, table, schema=schema, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, schema=schema, postgresql_concurrently=True, **options)
        op.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")


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
    _take_turn(connection, migrations.schema)
    context.configure(
        connection=connection,
        target_metadata=migrations.metadata,
        version_table_schema=migrations.schema,
        include_schemas=True,
        include_name=_only(migrations.schema),
        transaction_per_migration=True,
    )
    migrations.ensure_known(context.get_context().get_current_heads(), behind_too=True)
    with context.begin_transaction():
        context.run_migrations()


def _take_turn(connection: Connection, schema: str) -> None:
    """Returns when this connection may migrate; until it ends, no other one may."""
    ask = text("SELECT pg_try_advisory_lock(hashtext(:name))")
    # Asked for again and again: who waits within a statement holds a snapshot, and an index that the other one builds
    # concurrently waits for every snapshot.
    for turn in range(TURNS):
        if connection.scalar(ask, {"name": schema}):
            break
        connection.commit()
        if turn == 0:
            logger.warning("schema %s: another migration is under way; waiting for it", schema)
        time.sleep(TURN_SECONDS)
    else:
        raise MigrationFailed(
            f"schema {schema}: another migration is under way, and does not end; its process is one of those that hold"
            " an advisory lock (pg_locks)"
        )
    connection.execute(text(f"SET lock_timeout = {LOCK_MILLISECONDS}"))
    # The server notices within a second that a migration was killed, and undoes it, also while that waits for a lock.
    connection.execute(text("SET client_connection_check_interval = 1000"))
    connection.commit()


def _gave_way(error: DBAPIError) -> bool:
    """Whether it was for a lock; raises MigrationFailed where the database has gone away."""
    if error.connection_invalidated:
        raise MigrationFailed(
            f"the connection to the database was lost ({error.orig}); what was begun is undone or can be repeated:"
            " run this again"
        ) from error
    return getattr(error.orig, "sqlstate", None) in (_LOCK_NOT_AVAILABLE, _DEADLOCK_DETECTED)


def _only(schema: str) -> Any:
    def include(name: str | None, kind: str, _: Any) -> bool:
        return kind != "schema" or name == schema

    return include
