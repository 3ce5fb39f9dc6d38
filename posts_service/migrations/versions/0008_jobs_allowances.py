"""Work that is written down in the transaction of the change that causes it; and how often limits were used."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SCHEMA = "posts"
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
WAITS = sa.text("leased_until IS NULL AND dead_at IS NULL")
WAITS_TO_RUN = sa.text("coalesce(leased_until, dead_at) IS NULL")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key", sa.String),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("run_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("losses", sa.Integer, nullable=False, server_default="0"),
        sa.Column("leased_until", INSTANT),
        sa.Column("last_error", sa.String),
        sa.Column("dead_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False, server_default=NOW),
        schema=SCHEMA,
    )
    _index("jobs_due_idx", ["kind", "run_at"], WAITS_TO_RUN)
    _index("jobs_leased_idx", ["leased_until"], sa.text("leased_until IS NOT NULL"))
    _index("jobs_dead_idx", ["dead_at"], sa.text("dead_at IS NOT NULL"))
    _index("jobs_key_idx", ["key"], WAITS, unique=True)
    # Unlogged: after a crash of PostgreSQL it is empty. The fill factor leaves room for updates in place.
    op.create_table(
        "allowances",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("free_at", INSTANT, nullable=False),
        schema=SCHEMA,
        prefixes=["UNLOGGED"],
    )
    op.execute(f"ALTER TABLE {SCHEMA}.allowances SET (fillfactor = 70)")


def downgrade() -> None:
    for table in ("allowances", "jobs"):
        op.drop_table(table, schema=SCHEMA)


def _index(name: str, columns: list[str], condition: sa.TextClause, *, unique: bool = False) -> None:
    op.create_index(name, "jobs", columns, schema=SCHEMA, unique=unique, postgresql_where=condition)
