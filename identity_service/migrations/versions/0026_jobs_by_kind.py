"""An index of the jobs that wait, by kind: a hundred thousand of one kind do not slow down the search for others."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SCHEMA = "identity"
TABLE = "jobs"
DUE = "jobs_due_idx"


def upgrade() -> None:
    # The former index stays: processes of the previous release look along it.
    waits = sa.text("coalesce(leased_until, dead_at) IS NULL")
    create_index_concurrently(DUE, TABLE, ["kind", "run_at"], schema=SCHEMA, postgresql_where=waits)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(DUE, TABLE, schema=SCHEMA, if_exists=True, postgresql_concurrently=True)
