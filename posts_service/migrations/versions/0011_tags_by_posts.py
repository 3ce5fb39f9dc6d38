"""The index of the list of tags: by how many posts have them, then by name."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SCHEMA = "posts"
NAME = "tags_by_posts_idx"


def upgrade() -> None:
    create_index_concurrently(NAME, "tags", [sa.text("(- posts)"), "name"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_index(NAME, "tags", schema=SCHEMA)
    op.create_index(NAME, "tags", ["posts", "name"], schema=SCHEMA)
