"""The indexes of the columns that posts have got, and the check of their states, made while everybody writes."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCHEMA = "posts"
INDEXES = (
    ("posts_most_liked_idx", ["likes", "id"], "state = 'published'"),
    ("posts_unpublished_idx", ["created_at", "id"], "state = 'unpublished'"),
    ("posts_underived_idx", ["id"], "derived_version <> version"),
    ("posts_edited_by_idx", ["editor_id"], "editor_id IS NOT NULL"),
)


def upgrade() -> None:
    for name, columns, condition in INDEXES:
        create_index_concurrently(name, "posts", columns, schema=SCHEMA, postgresql_where=sa.text(condition))
    op.execute("ALTER TABLE posts.posts VALIDATE CONSTRAINT posts_state_check")


def downgrade() -> None:
    for name, _, _ in INDEXES:
        op.drop_index(name, "posts", schema=SCHEMA)
