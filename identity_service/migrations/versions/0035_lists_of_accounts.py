"""Indexes of the lists that administrators see: accounts by the beginning of a name or an address, by role and by
state, and sessions that have not ended, each in the order of its list."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

SCHEMA = "identity"
NAMES = {
    "users_names_idx": sa.text('(lower(username) COLLATE "C")'),
    "users_addresses_idx": sa.text('(lower(email) COLLATE "C")'),
}
DISABLED, AWAITING = "users_disabled_idx", "users_newest_awaiting_idx"
HOLDERS, FORMER = "user_roles_holders_idx", "user_roles_role_idx"
LIVE = "sessions_newest_live_idx"


def upgrade() -> None:
    for name, key in NAMES.items():
        create_index_concurrently(name, "users", [key], schema=SCHEMA)
    create_index_concurrently(DISABLED, "users", ["id"], schema=SCHEMA, postgresql_where=sa.text("NOT is_active"))
    create_index_concurrently(AWAITING, "users", ["id"], schema=SCHEMA, postgresql_where=sa.text("awaits_verification"))
    create_index_concurrently(LIVE, "sessions", ["id"], schema=SCHEMA, postgresql_where=sa.text("ended_at IS NULL"))
    create_index_concurrently(HOLDERS, "user_roles", ["role", "user_id"], schema=SCHEMA)
    # The other index serves the same queries.
    _drop(FORMER, "user_roles")


def downgrade() -> None:
    create_index_concurrently(FORMER, "user_roles", ["role"], schema=SCHEMA)
    _drop(HOLDERS, "user_roles")
    _drop(LIVE, "sessions")
    for name in (AWAITING, DISABLED, *NAMES):
        _drop(name, "users")


def _drop(name: str, table: str) -> None:
    with op.get_context().autocommit_block():
        op.drop_index(name, table, schema=SCHEMA, if_exists=True, postgresql_concurrently=True)
