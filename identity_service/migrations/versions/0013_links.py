"""Verified addresses, and the links in letters."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SCHEMA = "identity"
LINKS = "account_links"
INSTANT = sa.DateTime(timezone=True)
IS_SINGLE = sa.text("kind IN ('verification', 'password_reset', 'address_change')")
IS_UNDO = sa.text("kind = 'address_undo'")


def upgrade() -> None:
    op.add_column("users", sa.Column("email_verified_at", INSTANT), schema=SCHEMA)
    # The previous release does not write it: accounts that it makes sign in without a verified address.
    awaits = sa.Column("awaits_verification", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("users", awaits, schema=SCHEMA)
    op.create_table(
        LINKS,
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("identity.users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("email", sa.String, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        schema=SCHEMA,
    )
    _index("user_id_idx", "user_id")
    _index("expires_at_idx", "expires_at")
    _index("single_key", "user_id", "kind", unique=True, postgresql_where=IS_SINGLE)
    _index("reserved_idx", sa.text("lower(email)"), postgresql_where=IS_UNDO)


def downgrade() -> None:
    op.drop_table(LINKS, schema=SCHEMA)
    op.drop_column("users", "awaits_verification", schema=SCHEMA)
    op.drop_column("users", "email_verified_at", schema=SCHEMA)


def _index(name: str, *columns: str | sa.TextClause, **options: Any) -> None:
    op.create_index(f"{LINKS}_{name}", LINKS, list(columns), schema=SCHEMA, **options)
