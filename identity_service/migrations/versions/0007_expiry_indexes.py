"""Indexes for deleting what has expired and what concerns one user, in a table of any size."""

from collections.abc import Sequence
from typing import Any

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
    _create("refresh_tokens_oldest_first_idx", "refresh_tokens", ["expires_at", "id"])
    _create("refresh_tokens_of_session_idx", "refresh_tokens", ["session_id", "expires_at", "id"])
    _create("sessions_over_at_idx", "sessions", [OVER_AT])
    _create("stream_events_subject_idx", "stream_events", [SUBJECT])
    # The second of these indexes serves the same queries.
    _drop("refresh_tokens_session_id_idx", "refresh_tokens")


def downgrade() -> None:
    _create("refresh_tokens_session_id_idx", "refresh_tokens", ["session_id"])
    _drop("stream_events_subject_idx", "stream_events")
    _drop("sessions_over_at_idx", "sessions")
    _drop("refresh_tokens_of_session_idx", "refresh_tokens")
    _drop("refresh_tokens_oldest_first_idx", "refresh_tokens")


def _create(name: str, table: str, columns: Sequence[Any]) -> None:
    create_index_concurrently(name, table, columns, schema=SCHEMA)


def _drop(name: str, table: str) -> None:
    with op.get_context().autocommit_block():
        op.drop_index(name, table, schema=SCHEMA, if_exists=True, postgresql_concurrently=True)
