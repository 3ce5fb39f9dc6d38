"""An index of the accounts that await the verification of their address, which clean-up deletes."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SCHEMA = "identity"
AWAITING = "users_awaiting_idx"


def upgrade() -> None:
    create_index_concurrently(
        AWAITING, "users", ["created_at"], schema=SCHEMA, postgresql_where=sa.text("awaits_verification")
    )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(AWAITING, "users", schema=SCHEMA, if_exists=True, postgresql_concurrently=True)
