"""The tables of a receiver of security events."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "posts"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # Deleting an author looks up every post and draft of theirs, and so does the foreign key.
    create_index_concurrently("posts_author_id_idx", "posts", ["author_id"], schema=SCHEMA)
    op.create_table(
        "received_events",
        sa.Column("jti", sa.String, primary_key=True),
        sa.Column("received_at", INSTANT, nullable=False, server_default=sa.text("now()")),
        schema=SCHEMA,
    )
    op.create_index("received_events_received_at_idx", "received_events", ["received_at"], schema=SCHEMA)
    op.create_table(
        "revocations",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("valid_from", sa.BigInteger, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("revocations_expires_at_idx", "revocations", ["expires_at"], schema=SCHEMA)
    op.create_table(
        "transmitter_contact",
        sa.Column("issuer", sa.String, primary_key=True),
        sa.Column("heard_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    # Only the owner role changes the revision.
    op.execute("REVOKE INSERT, UPDATE, DELETE ON posts.alembic_version FROM posts_app")


def downgrade() -> None:
    op.drop_index("posts_author_id_idx", "posts", schema=SCHEMA)
    for table in ("transmitter_contact", "revocations", "received_events"):
        op.drop_table(table, schema=SCHEMA)
