"""An index of the devices of an account's sessions: each sign-in looks whether the account knows its device."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SCHEMA = "identity"
TABLE = "sessions"
FORMER = "sessions_user_id_idx"
DEVICE = "sessions_device_idx"
NUMBER = sa.text("hashtextextended(coalesce(device, ''), 0)")


def upgrade() -> None:
    create_index_concurrently(DEVICE, TABLE, ["user_id", NUMBER], schema=SCHEMA)
    # The other index serves the same queries.
    _drop(FORMER)


def downgrade() -> None:
    create_index_concurrently(FORMER, TABLE, ["user_id"], schema=SCHEMA)
    _drop(DEVICE)


def _drop(name: str) -> None:
    with op.get_context().autocommit_block():
        op.drop_index(name, TABLE, schema=SCHEMA, if_exists=True, postgresql_concurrently=True)
