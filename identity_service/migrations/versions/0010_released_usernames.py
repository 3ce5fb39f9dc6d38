"""Usernames that were given up, which others may have after a while."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SCHEMA = "identity"


def upgrade() -> None:
    op.create_table(
        "released_usernames",
        sa.Column("name_digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name_digest", name="released_usernames_pkey"),
        schema=SCHEMA,
    )
    op.create_index("released_usernames_released_at_idx", "released_usernames", ["released_at"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table("released_usernames", schema=SCHEMA)
