"""The full name of a user, which may be absent."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "identity"


def upgrade() -> None:
    op.add_column("users", sa.Column("full_name", sa.String), schema=SCHEMA)


def downgrade() -> None:
    op.drop_column("users", "full_name", schema=SCHEMA)
