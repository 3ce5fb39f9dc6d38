"""The locks that make an act wait for a stream, or a stream for an act. None of them is held for long."""

from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

LOCK_TIMEOUT: Final = "500ms"

IDLE_TIMEOUT_SECONDS: Final = 3.0
"""When PostgreSQL ends a transaction that holds up others because its process stands still or is cut off."""


async def block_stream_changes(db: AsyncSession) -> None:
    """Let no stream begin or end until the transaction ends.

    The next statement sees the stream whose beginning this one has waited for.
    """
    await limit_idle_time(db)
    await db.execute(text("LOCK TABLE identity.event_gate IN ROW SHARE MODE"))


async def block_enqueueing(db: AsyncSession) -> None:
    """Wait for the acts that are enqueueing an event, and let no other enqueue one until the transaction ends.

    Raises DatabaseUnavailable if one of them takes long, so that all others do not wait for it as well.
    """
    await limit_idle_time(db)
    await db.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    await db.execute(text("LOCK TABLE identity.event_gate IN EXCLUSIVE MODE"))
    await db.execute(text("SET LOCAL lock_timeout = DEFAULT"))


async def limit_idle_time(db: AsyncSession) -> None:
    """Have PostgreSQL end this transaction if its process stands still, since others wait for what it locks."""
    await db.execute(select(func.set_config("idle_in_transaction_session_timeout", f"{IDLE_TIMEOUT_SECONDS}s", True)))
