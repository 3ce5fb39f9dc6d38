"""How often limits were used, shared by all processes."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SCHEMA = "identity"


def upgrade() -> None:
    # Unlogged: after a crash of PostgreSQL it is empty. The fill factor leaves room for updates in place.
    op.create_table(
        "allowances",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
        prefixes=["UNLOGGED"],
    )
    op.execute(f"ALTER TABLE {SCHEMA}.allowances SET (fillfactor = 70)")


def downgrade() -> None:
    op.drop_table("allowances", schema=SCHEMA)
