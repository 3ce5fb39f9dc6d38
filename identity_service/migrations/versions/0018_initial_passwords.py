"""Initial passwords: which users must change theirs, and until when it is valid."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SCHEMA = "identity"


def upgrade() -> None:
    must_change = sa.Column("must_change_password", sa.Boolean, nullable=False, server_default=sa.text("false"))
    op.add_column("users", must_change, schema=SCHEMA)
    op.add_column("users", sa.Column("initial_password_expires_at", sa.DateTime(timezone=True)), schema=SCHEMA)


def downgrade() -> None:
    op.drop_column("users", "initial_password_expires_at", schema=SCHEMA)
    op.drop_column("users", "must_change_password", schema=SCHEMA)
