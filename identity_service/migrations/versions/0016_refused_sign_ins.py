"""Refused sign-ins."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SCHEMA = "identity"
TABLE = "refused_sign_ins"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("account", sa.LargeBinary, primary_key=True),
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("minute", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("user_id", sa.Uuid),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("refused_sign_ins_minute_idx", TABLE, ["minute"], schema=SCHEMA)
    op.create_index(
        "refused_sign_ins_of_user_idx",
        TABLE,
        ["user_id"],
        schema=SCHEMA,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table(TABLE, schema=SCHEMA)
