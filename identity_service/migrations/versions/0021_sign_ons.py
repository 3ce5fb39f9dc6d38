"""Sign-ons: people in their browsers."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SCHEMA = "identity"
SIGN_ONS = "sign_ons"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        SIGN_ONS,
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("identity.users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("authenticated_at", INSTANT, nullable=False),
        sa.Column("acr", sa.String, nullable=False),
        sa.Column("amr", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("device", sa.String),
        sa.Column("address", sa.String),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("end_reason", sa.String),
        schema=SCHEMA,
    )
    _index("user_id_idx", "user_id")
    _index("over_at_idx", sa.text("coalesce(ended_at, expires_at)"))
    _index("live_idx", "user_id", postgresql_where=sa.text("ended_at IS NULL"))


def downgrade() -> None:
    op.drop_table(SIGN_ONS, schema=SCHEMA)


def _index(name: str, *columns: str | sa.TextClause, **options: Any) -> None:
    op.create_index(f"{SIGN_ONS}_{name}", SIGN_ONS, list(columns), schema=SCHEMA, **options)
