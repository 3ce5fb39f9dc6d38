"""Attempts at a job that did not end are counted apart from those that failed."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SCHEMA = "identity"


def upgrade() -> None:
    # A process of the previous release does not count them; its jobs are tried as often as others.
    op.add_column("jobs", sa.Column("losses", sa.Integer, nullable=False, server_default="0"), schema=SCHEMA)


def downgrade() -> None:
    op.drop_column("jobs", "losses", schema=SCHEMA)
