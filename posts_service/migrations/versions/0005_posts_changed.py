"""An index for readers who listen: what has changed since an instant."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCHEMA = "posts"


def upgrade() -> None:
    published = sa.text("published_at IS NOT NULL")
    create_index_concurrently(
        "posts_changed_idx", "posts", ["updated_at", "id"], schema=SCHEMA, postgresql_where=published
    )


def downgrade() -> None:
    op.drop_index("posts_changed_idx", "posts", schema=SCHEMA)
