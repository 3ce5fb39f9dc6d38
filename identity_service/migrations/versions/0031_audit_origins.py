"""Where audited acts come from, and indexes for those who read the audit log."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently, drop_index_concurrently

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SCHEMA = "identity"
TABLE = "audit_entries"
COLUMNS = ("address", "request_id")
OF_PERSON = "audit_entries_of_person_idx"
INDEXES = {
    "audit_entries_of_actor_idx": "actor",
    "audit_entries_of_subject_idx": "subject",
    "audit_entries_of_action_idx": "action",
    "audit_entries_of_request_idx": "request_id",
}


def upgrade() -> None:
    # Outside the transaction, and therefore repeatable: an index is made of one of them.
    with op.get_context().autocommit_block():
        for column in COLUMNS:
            op.add_column(TABLE, sa.Column(column, sa.String), schema=SCHEMA, if_not_exists=True)
    for name, column in INDEXES.items():
        create_index_concurrently(name, TABLE, [column, "id"], schema=SCHEMA)
    person, by_others = sa.text("(detail ->> 'user')"), sa.text("detail ->> 'user' <> actor")
    create_index_concurrently(OF_PERSON, TABLE, [person, "id"], schema=SCHEMA, postgresql_where=by_others)


def downgrade() -> None:
    for name in (OF_PERSON, *INDEXES):
        drop_index_concurrently(name, TABLE, schema=SCHEMA)
    for column in COLUMNS:
        op.drop_column(TABLE, column, schema=SCHEMA)
