"""When each secret of a client was used last."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

SCHEMA = "identity"
TABLE = "client_uses"


def upgrade() -> None:
    client = sa.ForeignKey(f"{SCHEMA}.clients.id", ondelete="CASCADE")
    op.create_table(
        TABLE,
        sa.Column("client_id", sa.String, client, primary_key=True),
        sa.Column("secret_hash", sa.LargeBinary, primary_key=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table(TABLE, schema=SCHEMA)
