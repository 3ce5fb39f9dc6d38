"""When the issuer last answered so that nothing was left behind, for operations that ask for fresh knowledge."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = "posts"


def upgrade() -> None:
    # May be null: processes of the previous release write the row without it.
    op.add_column("transmitter_contact", sa.Column("caught_up_at", sa.DateTime(timezone=True)), schema=SCHEMA)


def downgrade() -> None:
    op.drop_column("transmitter_contact", "caught_up_at", schema=SCHEMA)
