"""The key of keyed digests, which outlives the key-encryption key that it was derived from."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

SCHEMA = "identity"


def upgrade() -> None:
    op.create_table(
        "digest_keys",
        sa.Column("id", sa.SmallInteger, autoincrement=False, server_default=sa.text("1"), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="digest_keys_pkey"),
        sa.CheckConstraint("id = 1", name="digest_keys_one_check"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("digest_keys", schema=SCHEMA)
