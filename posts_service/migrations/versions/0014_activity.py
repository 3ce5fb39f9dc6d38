"""When a post was last liked or commented on, for readers who listen. The previous release does not write it."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SCHEMA = "posts"
TABLE = "posts"


def upgrade() -> None:
    # The index commits it: when it is cut off, the column is there already at the next attempt.
    op.add_column(TABLE, sa.Column("activity_at", sa.DateTime(timezone=True)), schema=SCHEMA, if_not_exists=True)
    create_index_concurrently(
        "posts_activity_idx",
        TABLE,
        ["activity_at", "id"],
        schema=SCHEMA,
        postgresql_where=sa.text("activity_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("posts_activity_idx", TABLE, schema=SCHEMA)
    op.drop_column(TABLE, "activity_at", schema=SCHEMA)
