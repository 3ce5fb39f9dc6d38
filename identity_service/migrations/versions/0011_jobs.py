"""Work that is written down in the transaction of the change that causes it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SCHEMA = "identity"
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
WAITS = sa.text("leased_until IS NULL AND dead_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key", sa.String),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("run_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("leased_until", INSTANT),
        sa.Column("last_error", sa.String),
        sa.Column("dead_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False, server_default=NOW),
        schema=SCHEMA,
    )
    _index("jobs_waiting_idx", "run_at", WAITS)
    _index("jobs_leased_idx", "leased_until", sa.text("leased_until IS NOT NULL"))
    _index("jobs_dead_idx", "dead_at", sa.text("dead_at IS NOT NULL"))
    _index("jobs_key_idx", "key", WAITS, unique=True)


def downgrade() -> None:
    op.drop_table("jobs", schema=SCHEMA)


def _index(name: str, column: str, condition: sa.TextClause, *, unique: bool = False) -> None:
    op.create_index(name, "jobs", [column], schema=SCHEMA, unique=unique, postgresql_where=condition)
