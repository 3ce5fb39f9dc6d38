"""The index that finds the posts whose HTML an older renderer has made, made while everybody writes."""

from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SCHEMA = "posts"


def upgrade() -> None:
    create_index_concurrently("posts_renderer_idx", "posts", ["renderer"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_index("posts_renderer_idx", "posts", schema=SCHEMA)
