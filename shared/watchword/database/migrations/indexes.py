"""What migrations need beyond Alembic's own operations."""

from collections.abc import Sequence
from typing import Any

from watchword.database.migrations.env import LOCK_TIMEOUT_MILLISECONDS


def create_index_concurrently(name: str, table: str, columns: Sequence[Any], *, schema: str, **options: Any) -> None:
    """Create an index on a table in use without blocking anyone.

    Call it first in a revision, because it commits what came before it. It can be repeated: an unfinished index of an
    attempt that was cut off is dropped.
    """
    # Imported here, because a running service imports this package and does not need Alembic.
    from alembic import op

    with op.get_context().autocommit_block():
        # It waits for open transactions, and no other transaction waits behind it.
        op.execute("SET lock_timeout = 0")
        op.drop_index(name, table, schema=schema, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, schema=schema, postgresql_concurrently=True, **options)
        op.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MILLISECONDS}")
