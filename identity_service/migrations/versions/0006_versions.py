"""Versions of users and of roles, and an index of the refresh tokens that are not spent."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = "identity"
UNSPENT = "refresh_tokens_unspent_idx"
VERSIONS = ("version", "claims_version")


def upgrade() -> None:
    # Every session has one, at the end of a chain that can be thousands of tokens long.
    create_index_concurrently(
        UNSPENT, "refresh_tokens", ["session_id"], schema=SCHEMA, postgresql_where=sa.text("used_at IS NULL")
    )
    op.create_table(
        "role_versions",
        sa.Column("role", sa.String, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False, unique=True),
        schema=SCHEMA,
    )
    for name in VERSIONS:
        column = sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
        op.add_column("users", column, schema=SCHEMA)


def downgrade() -> None:
    for name in VERSIONS:
        op.drop_column("users", name, schema=SCHEMA)
    op.drop_table("role_versions", schema=SCHEMA)
    op.drop_index(UNSPENT, "refresh_tokens", schema=SCHEMA)
