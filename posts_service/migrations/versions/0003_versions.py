"""Revocations by version: the counter that decides, and the session that goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "posts"


def upgrade() -> None:
    for column in (sa.Column("version", sa.BigInteger), sa.Column("except_sid", sa.String)):
        op.add_column("revocations", column, schema=SCHEMA)


def downgrade() -> None:
    for column in ("except_sid", "version"):
        op.drop_column("revocations", column, schema=SCHEMA)
