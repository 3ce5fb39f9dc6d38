"""What migrations need beyond Alembic's own operations."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from watchword.database.migrations.env import LOCK_TIMEOUT_MILLISECONDS


def create_index_concurrently(name: str, table: str, columns: Sequence[Any], *, schema: str, **options: Any) -> None:
    """Create an index on a table in use without blocking anyone.

    Call it first in a revision, because it commits what came before it. It can be repeated: an unfinished index of an
    attempt that was cut off is dropped.
    """
    # Imported here, because a running service imports this package and does not need Alembic.
    from alembic import op

    with _concurrently():
        op.drop_index(name, table, schema=schema, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, schema=schema, postgresql_concurrently=True, **options)


def drop_index_concurrently(name: str, table: str, *, schema: str) -> None:
    """Drop an index of a table in use without blocking anyone, if it is there. It commits what came before it."""
    from alembic import op

    with _concurrently():
        op.drop_index(name, table, schema=schema, if_exists=True, postgresql_concurrently=True)


@contextmanager
def _concurrently() -> Iterator[None]:
    """Statements that wait for open transactions for as long as these last: no other transaction waits behind them."""
    from alembic import op

    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        yield
        op.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MILLISECONDS}")
