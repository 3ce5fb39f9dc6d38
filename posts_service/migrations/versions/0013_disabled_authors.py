"""Whether the account of an author is disabled, on the card. Processes of the previous release insert cards without."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SCHEMA = "posts"
TABLE = "authors"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("is_disabled", sa.Boolean, server_default=sa.false(), nullable=False), schema=SCHEMA)
    op.add_column(TABLE, sa.Column("account_version", sa.BigInteger), schema=SCHEMA)
    op.add_column(TABLE, sa.Column("account_at", sa.DateTime(timezone=True)), schema=SCHEMA)


def downgrade() -> None:
    for column in ("account_at", "account_version", "is_disabled"):
        op.drop_column(TABLE, column, schema=SCHEMA)
