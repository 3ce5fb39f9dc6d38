"""Alembic, one history per service in the service's own schema, and which revisions a service runs on.

Revisions are numbered: 0001, 0002, … A schema that is ahead of the code serves it as well as its own, because a
migration only adds what a release needs, and what a release stops using goes with a later one
(docs/decisions/0012-upgrades.md).
"""

from watchword.database.migrations.env import run_env
from watchword.database.migrations.indexes import create_index_concurrently, drop_index_concurrently
from watchword.database.migrations.migrations import Migrations
from watchword.database.migrations.state import (
    MigrationFailed,
    SchemaAhead,
    SchemaBehind,
    SchemaForbidden,
    SchemaForeign,
    SchemaState,
    compare,
)

__all__ = [
    "MigrationFailed",
    "Migrations",
    "SchemaAhead",
    "SchemaBehind",
    "SchemaForbidden",
    "SchemaForeign",
    "SchemaState",
    "compare",
    "create_index_concurrently",
    "drop_index_concurrently",
    "run_env",
]
