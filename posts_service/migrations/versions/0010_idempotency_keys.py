"""The keys with which clients send a change again, and the answers that they then get."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SCHEMA = "posts"
TABLE = "idempotency_keys"


def upgrade() -> None:
    op.create_table(
        TABLE,
        # Processes of the previous release, which know nothing of the table, delete the cards of erased accounts, too.
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("posts.authors.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("location", sa.String),
        sa.Column("etag", sa.String),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("idempotency_keys_created_at_idx", TABLE, ["created_at"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table(TABLE, schema=SCHEMA)
