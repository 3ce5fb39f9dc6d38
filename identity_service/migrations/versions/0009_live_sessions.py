"""An index of the sessions that have not ended. Each sign-in counts those of its user, among thousands that have."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SCHEMA = "identity"
LIVE = "sessions_live_idx"


def upgrade() -> None:
    create_index_concurrently(
        LIVE, "sessions", ["user_id"], schema=SCHEMA, postgresql_where=sa.text("ended_at IS NULL")
    )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(LIVE, "sessions", schema=SCHEMA, if_exists=True, postgresql_concurrently=True)
