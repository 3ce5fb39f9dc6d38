"""Events that can be replayed, several streams of one client, and what a poll must know of the others."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from watchword.database.migrations import create_index_concurrently

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SCHEMA = "identity"
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
CLOCK = sa.text("clock_timestamp()")
SUBJECT = sa.text("coalesce(claims #>> '{sub_id,sub}', claims #>> '{sub_id,user,sub}')")
DURABLE = sa.text("inactivity_timeout IS NULL")
TURN = ("is_history", sa.text("sent_at ASC NULLS FIRST"), "id")
ONE_STREAM: Final = "streams_client_id_key"
NEW_TABLES = ("canary_turns", "dropped_events", "event_gate", "recent_events")
NEW_OF_STREAMS = ("deletions_before", "waiting_poll", "lapses_at", "inactivity_timeout", "pushed_at")


def upgrade() -> None:
    # Outside the transaction, and therefore repeatable: no transaction locks more than one table in use.
    with op.get_context().autocommit_block():
        _add_to("streams", sa.Column("pushed_at", INSTANT))
        _add_to("streams", sa.Column("inactivity_timeout", sa.Integer))
        _add_to("streams", sa.Column("lapses_at", INSTANT))
        _add_to("streams", sa.Column("waiting_poll", sa.BigInteger, nullable=False, server_default="0"))
        _add_to("streams", sa.Column("deletions_before", INSTANT))
        _add_to("stream_events", sa.Column("sent_at", INSTANT))
        _add_to("stream_events", sa.Column("is_history", sa.Boolean, nullable=False, server_default=sa.false()))
        # A receiver whose stream is disabled has no event of a deletion, and must confirm it nevertheless.
        op.alter_column("deletion_confirmations", "jti", nullable=True, schema=SCHEMA)
    create_index_concurrently("stream_events_in_turn_idx", "stream_events", ["stream_id", *TURN], schema=SCHEMA)
    create_index_concurrently("account_deletions_deleted_at_idx", "account_deletions", ["deleted_at"], schema=SCHEMA)
    create_index_concurrently("streams_of_client_idx", "streams", ["client_id"], schema=SCHEMA)
    _create_tables()
    op.create_check_constraint(
        op.f("streams_lapses_at_check"), "streams", "(inactivity_timeout IS NULL) = (lapses_at IS NULL)", schema=SCHEMA
    )
    # The previous release knows a second stream by the name of what refuses it, be it a constraint or an index.
    op.drop_constraint(ONE_STREAM, "streams", schema=SCHEMA)
    op.create_index(ONE_STREAM, "streams", ["client_id"], unique=True, schema=SCHEMA, postgresql_where=DURABLE)


def downgrade() -> None:
    op.execute("DELETE FROM identity.streams WHERE inactivity_timeout IS NOT NULL")
    op.drop_index(ONE_STREAM, "streams", schema=SCHEMA)
    op.create_unique_constraint(ONE_STREAM, "streams", ["client_id"], schema=SCHEMA)
    op.drop_constraint(op.f("streams_lapses_at_check"), "streams", schema=SCHEMA)
    for table in NEW_TABLES:
        op.drop_table(table, schema=SCHEMA)
    op.drop_index("streams_of_client_idx", "streams", schema=SCHEMA)
    op.drop_index("account_deletions_deleted_at_idx", "account_deletions", schema=SCHEMA)
    op.drop_index("stream_events_in_turn_idx", "stream_events", schema=SCHEMA)
    op.execute("DELETE FROM identity.deletion_confirmations WHERE jti IS NULL")
    op.alter_column("deletion_confirmations", "jti", nullable=False, schema=SCHEMA)
    for column in ("is_history", "sent_at"):
        op.drop_column("stream_events", column, schema=SCHEMA)
    for column in NEW_OF_STREAMS:
        op.drop_column("streams", column, schema=SCHEMA)


def _add_to(table: str, column: sa.Column[Any]) -> None:
    op.add_column(table, column, schema=SCHEMA, if_not_exists=True)


def _create_tables() -> None:
    op.create_table(
        "recent_events",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("claims", JSONB, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False, server_default=NOW, index=True),
        schema=SCHEMA,
    )
    op.create_index("recent_events_subject_idx", "recent_events", [SUBJECT], schema=SCHEMA)
    op.create_table(
        "event_gate",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        schema=SCHEMA,
    )
    op.create_table(
        "dropped_events",
        sa.Column("jti", sa.Uuid, primary_key=True),
        sa.Column("dropped_at", INSTANT, nullable=False, server_default=CLOCK),
        schema=SCHEMA,
    )
    op.create_table(
        "canary_turns",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("sent_at", INSTANT, nullable=False, server_default=CLOCK),
        schema=SCHEMA,
    )
