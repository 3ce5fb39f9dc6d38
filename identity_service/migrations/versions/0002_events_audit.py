"""Streams of security events, the audit log, the device and address of a session."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "identity"
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
NEW_ID = sa.text("uuidv7()")
RANDOM_ID = sa.text("gen_random_uuid()")


def upgrade() -> None:
    # Outside the transaction, and therefore repeatable: one that locked both of these busy tables would wait for
    # requests that wait for it.
    with op.get_context().autocommit_block():
        _add_to("sessions", sa.Column("device", sa.String))
        _add_to("sessions", sa.Column("address", sa.String))
        _add_to("sessions", sa.Column("last_seen_at", INSTANT, nullable=False, server_default=NOW))
        _add_to("users", sa.Column("tokens_valid_from", sa.BigInteger, nullable=False, server_default="0"))
    _audit()
    _streams()
    _deletions()


def downgrade() -> None:
    for table in ("deletion_confirmations", "account_deletions", "stream_events", "streams", "audit_entries"):
        op.drop_table(table, schema=SCHEMA)
    op.drop_column("users", "tokens_valid_from", schema=SCHEMA)
    for column in ("last_seen_at", "address", "device"):
        op.drop_column("sessions", column, schema=SCHEMA)


def _add_to(table: str, column: sa.Column[Any]) -> None:
    op.add_column(table, column, schema=SCHEMA, if_not_exists=True)


def _audit() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=NEW_ID),
        sa.Column("at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("detail", JSONB, nullable=False),
        schema=SCHEMA,
    )
    # Not even a compromised service can change or delete an entry.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON identity.audit_entries FROM identity_app")
    # Only the owner role, which migrates, records the revision.
    op.execute("REVOKE INSERT, UPDATE, DELETE ON identity.alembic_version FROM identity_app")


def _streams() -> None:
    op.create_table(
        "streams",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=NEW_ID),
        sa.Column(
            "client_id",
            sa.String,
            sa.ForeignKey("identity.clients.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("description", sa.String),
        sa.Column("delivery_method", sa.String, nullable=False),
        sa.Column("push_url", sa.String),
        sa.Column("sealed_push_authorization", sa.LargeBinary),
        sa.Column("events_requested", ARRAY(sa.Text), nullable=False),
        sa.Column("status", sa.String, nullable=False, server_default="enabled"),
        sa.Column("status_reason", sa.String),
        sa.Column("created_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("verified_at", INSTANT),
        sa.Column("failed_pushes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_push_at", INSTANT),
        sa.CheckConstraint("status IN ('enabled', 'paused', 'disabled')", name="status"),
        sa.CheckConstraint("(delivery_method = 'urn:ietf:rfc:8935') = (push_url IS NOT NULL)", name="push_url"),
        schema=SCHEMA,
    )
    op.create_table(
        "stream_events",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("stream_id", sa.Uuid, sa.ForeignKey("identity.streams.id", ondelete="CASCADE"), nullable=False),
        sa.Column("jti", sa.Uuid, nullable=False, unique=True, server_default=RANDOM_ID),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("claims", JSONB, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False, server_default=NOW),
        schema=SCHEMA,
    )
    op.create_index("stream_events_in_order_idx", "stream_events", ["stream_id", "id"], schema=SCHEMA)


def _deletions() -> None:
    op.create_table(
        "account_deletions",
        sa.Column("user_id", sa.Uuid, primary_key=True),
        sa.Column("receipt", sa.Uuid, nullable=False, unique=True, server_default=RANDOM_ID),
        sa.Column("deleted_at", INSTANT, nullable=False, server_default=NOW),
        schema=SCHEMA,
    )
    op.create_table(
        "deletion_confirmations",
        sa.Column(
            "user_id",
            sa.Uuid,
            sa.ForeignKey("identity.account_deletions.user_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "client_id",
            sa.String,
            sa.ForeignKey("identity.clients.id", ondelete="CASCADE"),
            primary_key=True,
            index=True,
        ),
        sa.Column("jti", sa.Uuid, nullable=False, unique=True),
        sa.Column("confirmed_at", INSTANT),
        schema=SCHEMA,
    )
