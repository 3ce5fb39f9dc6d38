"""The indexes along which exports walk, in the place of those of persons alone; and the one that finds the comments
whose HTML an older renderer has made. All are made, and dropped, while everybody writes."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently, drop_index_concurrently

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SCHEMA = "posts"
# Table, person, key; and the name of the index.
WALKS = (
    ("posts", "author_id", "id", "posts_of_author_idx"),
    ("comments", "author_id", "id", "comments_of_author_idx"),
    ("likes", "person_id", "post_id", "likes_of_person_idx"),
    ("reports", "reporter_id", "id", "reports_of_reporter_idx"),
)
RENDERERS = "comments_renderer_idx"


def upgrade() -> None:
    for table, person, key, name in WALKS:
        create_index_concurrently(name, table, [person, key], schema=SCHEMA)
    has_text = sa.text("body IS NOT NULL")
    create_index_concurrently(RENDERERS, "comments", ["renderer"], schema=SCHEMA, postgresql_where=has_text)
    # What they served is served by the indexes above, for the previous release too.
    for table, person, _, _ in WALKS:
        drop_index_concurrently(f"{table}_{person}_idx", table, schema=SCHEMA)


def downgrade() -> None:
    for table, person, _, name in WALKS:
        op.create_index(f"{table}_{person}_idx", table, [person], schema=SCHEMA)
        op.drop_index(name, table, schema=SCHEMA)
    op.drop_index(RENDERERS, "comments", schema=SCHEMA)
