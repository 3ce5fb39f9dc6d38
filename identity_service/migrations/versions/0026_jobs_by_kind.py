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
WAITING = "jobs_waiting_idx"


def upgrade() -> None:
    waits = sa.text("coalesce(leased_until, dead_at) IS NULL")
    create_index_concurrently(DUE, TABLE, ["kind", "run_at"], schema=SCHEMA, postgresql_where=waits)
    _drop(WAITING)


def downgrade() -> None:
    waits = sa.text("leased_until IS NULL AND dead_at IS NULL")
    create_index_concurrently(WAITING, TABLE, ["run_at"], schema=SCHEMA, postgresql_where=waits)
    _drop(DUE)


def _drop(name: str) -> None:
    with op.get_context().autocommit_block():
        op.drop_index(name, TABLE, schema=SCHEMA, if_exists=True, postgresql_concurrently=True)
