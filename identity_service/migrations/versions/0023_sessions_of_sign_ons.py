"""An index of the sessions of a sign-on, and the check of their reference to it."""

from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SCHEMA = "identity"
TABLE = "sessions"
INDEX = "sessions_sign_on_id_idx"


def upgrade() -> None:
    create_index_concurrently(INDEX, TABLE, ["sign_on_id"], schema=SCHEMA)
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE {SCHEMA}.{TABLE} VALIDATE CONSTRAINT sessions_sign_on_id_fkey")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, TABLE, schema=SCHEMA, if_exists=True, postgresql_concurrently=True)
