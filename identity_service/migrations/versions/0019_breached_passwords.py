"""When a user's password was looked up at a sign-in, and since when it is known from a breach."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SCHEMA = "identity"


def upgrade() -> None:
    for name in ("password_checked_at", "password_breached_at"):
        op.add_column("users", sa.Column(name, sa.DateTime(timezone=True)), schema=SCHEMA)


def downgrade() -> None:
    op.drop_column("users", "password_breached_at", schema=SCHEMA)
    op.drop_column("users", "password_checked_at", schema=SCHEMA)
