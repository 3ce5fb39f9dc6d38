"""Which process polls, which ones may answer guards, and the positions by which each sees what is new."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "posts"
INSTANT = sa.DateTime(timezone=True)
PENDING = "received_events_pending_idx"


def upgrade() -> None:
    op.create_table(
        "poll_lease",
        sa.Column("issuer", sa.String, primary_key=True),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("valid_until", INSTANT, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "process_leases",
        sa.Column("process", sa.String, primary_key=True),
        sa.Column("valid_until", INSTANT, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    # In the order in which the receiver of the previous release locks them. The tables are small enough for indexes
    # that hold up a change, and no request of a reader or writer changes them.
    op.add_column(
        "received_events",
        sa.Column("is_pending", sa.Boolean, nullable=False, server_default=sa.false()),
        schema=SCHEMA,
    )
    op.create_index(PENDING, "received_events", ["received_at"], schema=SCHEMA, postgresql_where=sa.text("is_pending"))
    op.add_column("revocations", sa.Column("position", sa.BigInteger), schema=SCHEMA)
    op.add_column("revocations", sa.Column("happened_at", INSTANT), schema=SCHEMA)
    op.create_index("revocations_position_idx", "revocations", ["position"], schema=SCHEMA)
    op.add_column("transmitter_contact", sa.Column("clock_offset", sa.Float), schema=SCHEMA)
    op.add_column("transmitter_contact", sa.Column("caught_up_at", INSTANT), schema=SCHEMA)


def downgrade() -> None:
    for column in ("caught_up_at", "clock_offset"):
        op.drop_column("transmitter_contact", column, schema=SCHEMA)
    op.drop_index("revocations_position_idx", "revocations", schema=SCHEMA)
    for column in ("happened_at", "position"):
        op.drop_column("revocations", column, schema=SCHEMA)
    op.drop_index(PENDING, "received_events", schema=SCHEMA)
    op.drop_column("received_events", "is_pending", schema=SCHEMA)
    for table in ("process_leases", "poll_lease"):
        op.drop_table(table, schema=SCHEMA)
