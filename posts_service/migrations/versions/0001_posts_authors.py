"""Posts and author cards."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "posts"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "authors",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("username", sa.String, nullable=False),
        sa.Column("named_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("author_id", sa.Uuid, sa.ForeignKey("posts.authors.id"), nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT),
        sa.CheckConstraint("state IN ('draft', 'published')", name="state"),
        schema=SCHEMA,
    )
    published, draft = sa.text("state = 'published'"), sa.text("state = 'draft'")
    for name, columns, where in (
        ("posts_feed_idx", ["published_at", "id"], published),
        ("posts_by_author_idx", ["author_id", "published_at", "id"], published),
        ("posts_drafts_idx", ["author_id", "created_at", "id"], draft),
    ):
        op.create_index(name, "posts", columns, schema=SCHEMA, postgresql_where=where)


def downgrade() -> None:
    op.drop_table("posts", schema=SCHEMA)
    op.drop_table("authors", schema=SCHEMA)
