"""The migrations of one service: bringing its schema up, and checking which revision it is at.

Alembic is imported where it is used, because a running service does not need it.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg
from sqlalchemy import MetaData, column, select, table
from sqlalchemy.exc import DBAPIError

from watchword.database.errors import as_unavailable
from watchword.database.migrations.revisions import read_chain
from watchword.database.migrations.state import (
    MigrationFailed,
    SchemaAhead,
    SchemaBehind,
    SchemaForbidden,
    SchemaForeign,
    SchemaState,
    compare,
)
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement
from watchword.errors import AppError
from watchword.lines import one_line

if TYPE_CHECKING:
    from alembic.config import Config

logger = logging.getLogger("watchword.migrations")

VERSION_TABLE: Final = "alembic_version"
TABLE_IN_USE_TRIES: Final = 60
TABLE_IN_USE_PAUSE_SECONDS: Final = 1.0

_LOCK_NOT_AVAILABLE, _DEADLOCK_DETECTED = "55P03", "40P01"
_INSUFFICIENT_PRIVILEGE = "42501"


class Migrations:
    """The migrations of one service; `package` contains its `migrations` folder."""

    def __init__(self, package: str, schema: str, metadata: MetaData) -> None:
        self._package = package
        self.schema = schema
        self.metadata = metadata
        self._version = Statement(select(column("version_num")).select_from(table(VERSION_TABLE, schema=schema)))
        self._logged_revision: str | None = None

    def config(self, url: str) -> "Config":
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", f"{self._package}:migrations")
        config.attributes.update(url=url, migrations=self)
        return config

    def migrate(self, url: str) -> None:
        """Do what `migrate` does on the command line: `upgrade`, or exit with 1 and one line that gives the reason."""
        with _exiting_with_a_reason():
            self.upgrade(url)

    def upgrade(self, url: str, revision: str = "head", *, tries: int = TABLE_IN_USE_TRIES) -> None:
        """Bring the schema up to the revision, each step in a transaction of its own. Several migrations at once take
        turns; a schema that is at the revision already, or ahead of this code, is left as it is.

        A step that does not get a lock soon is rolled back, so that requests go on, and tried again. Raises
        MigrationFailed if it never gets one, or the database fails or refuses it; SchemaForeign if no release made the
        schema.
        """
        from alembic import command

        for tries_left in reversed(range(tries)):
            try:
                command.upgrade(self.config(url), revision)
                return
            except SchemaAhead as ahead:
                logger.warning("%s; it stays as it is", ahead.reason)
                return
            except DBAPIError as error:
                if not _is_lock_conflict(error):
                    _ensure_not_refused(error)
                    raise
                logger.warning("schema %s: a table is in use; %s tries are left", self.schema, tries_left)
            if tries_left:
                time.sleep(TABLE_IN_USE_PAUSE_SECONDS)
        raise MigrationFailed(
            f"schema {self.schema}: a transaction has held on to a table for {tries} tries. End it, or wait for it, and"
            " run this again (docs/operations.md says how to find it); what was begun is undone or can be repeated"
        )

    def generate(self, url: str, message: str) -> None:
        """Write the next migration from the difference between the models and the database, for a person to review.

        Exits with 1 and one line if the database cannot be used, or is not at the newest revision.
        """
        from alembic import command

        next_revision = f"{int(self.head() or 0) + 1:04}"
        with _exiting_with_a_reason():
            try:
                command.revision(self.config(url), message, autogenerate=True, rev_id=next_revision)
            except DBAPIError as error:
                _ensure_not_refused(error)
                raise

    def head(self) -> str | None:
        """The newest revision that this code knows."""
        from alembic.script import ScriptDirectory

        return ScriptDirectory.from_config(self.config("")).get_current_head()

    async def usable_revision(self, reads: ReadPool) -> str:
        """The schema's revision, which is this code's newest or a later one.

        Raises SchemaBehind, whose reason says what to run, SchemaForeign or SchemaForbidden.
        """
        try:
            rows = await reads.fetch_rows(self._version)
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
            rows = []
        except asyncpg.InsufficientPrivilegeError as error:
            raise SchemaForbidden(
                f"the role of this service may not read the schema {self.schema}: {one_line(str(error))}"
            ) from error
        revisions = sorted(str(row["version_num"]) for row in rows)
        try:
            self.ensure_at_head(revisions)
        except SchemaAhead as ahead:
            if self._logged_revision != revisions[0]:
                self._logged_revision = revisions[0]
                logger.warning("%s; continuing", ahead.reason)
        return revisions[0]

    def ensure_at_head(self, revisions: Sequence[str]) -> None:
        """Raise SchemaBehind, SchemaAhead or SchemaForeign unless this is the newest revision that the code knows."""
        self.ensure_upgradable(revisions)
        revision = ", ".join(revisions) or None
        if compare(revision, self._known) is SchemaState.BEHIND:
            raise SchemaBehind(
                f"schema {self.schema} is at {revision}, the code needs {self._known[0]};"
                f" run: python -m {self._package} migrate"
            )

    def ensure_upgradable(self, revisions: Sequence[str]) -> None:
        """Raise SchemaAhead or SchemaForeign if this code's migrations cannot lead on from these revisions."""
        revision = ", ".join(revisions) or None
        match compare(revision, self._known):
            case SchemaState.AHEAD:
                raise SchemaAhead(
                    f"schema {self.schema} is at {revision}, ahead of this code, which knows {self._known[0]}"
                )
            case SchemaState.FOREIGN:
                raise SchemaForeign(
                    f"schema {self.schema} is at {revision}, which is no revision that this code, at {self._known[0]},"
                    " can have come from or lead to; is it the right database?"
                )

    @cached_property
    def _known(self) -> Sequence[str]:
        # Read from disk once: /readyz asks every few seconds.
        folder = resources.files(self._package) / "migrations" / "versions"
        chain = read_chain(folder) if isinstance(folder, Path) and folder.is_dir() else None
        return self._all_revisions() if chain is None else chain

    def _all_revisions(self) -> Sequence[str]:
        """The revisions of this code as Alembic reads them, the newest first."""
        from alembic.script import ScriptDirectory

        return [script.revision for script in ScriptDirectory.from_config(self.config("")).walk_revisions()]


@contextmanager
def _exiting_with_a_reason() -> Iterator[None]:
    """Exit with 1 and one line if the database or its schema is what does not fit."""
    from alembic.util import CommandError

    try:
        yield
    except (AppError, CommandError) as error:
        raise SystemExit(str(error)) from None


def _ensure_not_refused(error: DBAPIError) -> None:
    """Raise MigrationFailed if the cause is the database: it was lost, is read-only, or refuses this role."""
    reason = one_line(str(error.orig))
    if error.connection_invalidated:
        raise MigrationFailed(
            f"the connection to the database was lost ({reason}); what was begun is undone or can be repeated:"
            " run this again"
        ) from error
    if _sqlstate(error) == _INSUFFICIENT_PRIVILEGE or as_unavailable(error) is not None:
        raise MigrationFailed(f"the database refuses the migration: {reason}") from error


def _is_lock_conflict(error: DBAPIError) -> bool:
    return _sqlstate(error) in (_LOCK_NOT_AVAILABLE, _DEADLOCK_DETECTED)


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
