"""An id for each service, for paths: an audience is a URL."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SCHEMA = "identity"
TABLE = "services"


def upgrade() -> None:
    # A few rows, each of which gets an id of its own; the previous release leaves the column to its default.
    op.add_column(
        TABLE, sa.Column("id", sa.Uuid, nullable=False, server_default=sa.text("uuidv7()"), unique=True), schema=SCHEMA
    )


def downgrade() -> None:
    op.drop_column(TABLE, "id", schema=SCHEMA)
