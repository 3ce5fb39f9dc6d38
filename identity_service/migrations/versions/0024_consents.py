"""Consents: what people let the applications of others do."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SCHEMA = "identity"
CONSENTS = "consents"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    user, client = (sa.ForeignKey(f"{SCHEMA}.{column}", ondelete="CASCADE") for column in ("users.id", "clients.id"))
    op.create_table(
        CONSENTS,
        sa.Column("user_id", sa.Uuid, user, primary_key=True),
        sa.Column("client_id", sa.String, client, primary_key=True, index=True),
        sa.Column("scopes", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table(CONSENTS, schema=SCHEMA)
