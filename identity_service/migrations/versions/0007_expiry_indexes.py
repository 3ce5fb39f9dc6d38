"""Indexes for deleting what has expired and what concerns one user, in a table of any size."""

import sqlalchemy as sa
from alembic import op

from watchword.database.migrations import create_index_concurrently

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCHEMA = "identity"
OVER_AT = sa.text("coalesce(ended_at, expires_at)")
SUBJECT = sa.text("coalesce(claims #>> '{sub_id,sub}', claims #>> '{sub_id,user,sub}')")


def upgrade() -> None:
    create_index_concurrently("refresh_tokens_expires_at_idx", "refresh_tokens", ["expires_at"], schema=SCHEMA)
    create_index_concurrently("sessions_over_at_idx", "sessions", [OVER_AT], schema=SCHEMA)
    create_index_concurrently("stream_events_subject_idx", "stream_events", [SUBJECT], schema=SCHEMA)


def downgrade() -> None:
    op.drop_index("stream_events_subject_idx", "stream_events", schema=SCHEMA)
    op.drop_index("sessions_over_at_idx", "sessions", schema=SCHEMA)
    op.drop_index("refresh_tokens_expires_at_idx", "refresh_tokens", schema=SCHEMA)
