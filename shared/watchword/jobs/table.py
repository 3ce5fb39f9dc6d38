"""The table of jobs, in the schema of the service that they belong to."""

from typing import Final

from sqlalchemy import Column, ColumnElement, DateTime, Index, Integer, MetaData, String, Table, Uuid, and_, func, text
from sqlalchemy.dialects.postgresql import JSONB

_WAITS: Final = text("leased_until IS NULL AND dead_at IS NULL")

_WAITS_TO_RUN: Final = text("coalesce(leased_until, dead_at) IS NULL")
"""The same condition, written differently: PostgreSQL uses a partial index only for its own condition. If both indexes
had one condition, it would sometimes use the one of the keys, which is in no order of time: to PostgreSQL both cost the
same while its statistics say that the table is nearly empty."""


def jobs_table(metadata: MetaData, name: str = "jobs") -> Table:
    """The table of jobs. A job *waits* for its `run_at`, is *leased* while a worker does it, and is *dead* if it will
    not be tried again; the row of one that has succeeded is deleted.

    `attempts` counts claims, and `losses` those of them whose lease ran out: the process died, or stood still. `key` is
    unique among those that wait.
    """
    return Table(
        name,
        metadata,
        Column("id", Uuid, primary_key=True, server_default=text("uuidv7()")),
        Column("kind", String, nullable=False),
        Column("key", String),
        Column("payload", JSONB, nullable=False),
        Column("run_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("losses", Integer, nullable=False, server_default=text("0")),
        Column("leased_until", DateTime(timezone=True)),
        Column("last_error", String),
        Column("dead_at", DateTime(timezone=True)),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Index(f"{name}_due_idx", "kind", "run_at", postgresql_where=_WAITS_TO_RUN),
        Index(f"{name}_leased_idx", "leased_until", postgresql_where=text("leased_until IS NOT NULL")),
        Index(f"{name}_dead_idx", "dead_at", postgresql_where=text("dead_at IS NOT NULL")),
        Index(key_index(name), "key", unique=True, postgresql_where=_WAITS),
    )


def key_index(table_name: str) -> str:
    """The name of the index that refuses a second waiting job of one key."""
    return f"{table_name}_key_idx"


def waits(table: Table) -> ColumnElement[bool]:
    """Whether a job waits, written as the condition of the index of keys."""
    return and_(table.c.leased_until.is_(None), table.c.dead_at.is_(None))


def waits_to_run(table: Table) -> ColumnElement[bool]:
    """Whether a job waits, written as the condition of the index by kind and time."""
    return func.coalesce(table.c.leased_until, table.c.dead_at).is_(None)
