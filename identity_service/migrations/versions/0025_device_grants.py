"""Devices that ask for a session, and what people decide about them (RFC 8628)."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SCHEMA = "identity"
TABLE = "device_grants"
INSTANT = sa.DateTime(timezone=True)
TEXTS = sa.ARRAY(sa.Text)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("user_code", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("client_id", sa.String, _reference("clients"), nullable=False),
        sa.Column("scopes", TEXTS, nullable=False),
        sa.Column("audience", sa.String, nullable=False),
        sa.Column("names_scopes", sa.Boolean, nullable=False),
        sa.Column("device", sa.String),
        sa.Column("address", sa.String),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("interval_seconds", sa.Integer, nullable=False),
        sa.Column("polled_at", INSTANT),
        sa.Column("decided_at", INSTANT),
        sa.Column("user_id", sa.Uuid, _reference("users")),
        sa.Column("sign_on_id", sa.Uuid, _reference("sign_ons")),
        sa.Column("authenticated_at", INSTANT),
        sa.Column("acr", sa.String),
        sa.Column("amr", TEXTS),
        sa.Column("used_at", INSTANT),
        sa.Column("session_id", sa.Uuid, _reference("sessions", "SET NULL")),
        schema=SCHEMA,
    )
    for column in ("client_id", "user_id", "sign_on_id", "session_id", "expires_at"):
        op.create_index(f"{TABLE}_{column}_idx", TABLE, [column], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table(TABLE, schema=SCHEMA)


def _reference(table: str, ondelete: str = "CASCADE") -> sa.ForeignKey:
    return sa.ForeignKey(f"{SCHEMA}.{table}.id", ondelete=ondelete)
