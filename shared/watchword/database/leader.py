"""Electing one process of a service: the one that holds an advisory lock on a connection of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from watchword.database.connections import dedicated_connection
from watchword.database.locks import try_lock_connection
from watchword.tasks import cancel_and_wait

CANDIDATE_PAUSE_SECONDS: Final = 0.5
"""How often a process that does not lead tries to take the lock."""


async def run_as_leader(
    dsn: str, name: str, work: Callable[[], Awaitable[object]], *, on_other_leader: Callable[[], None]
) -> None:
    """Wait until no other process leads under this name, then run `work` until it ends or this process stops leading.

    The lead is lost with the connection that holds the lock; `work` is cancelled then. `on_other_leader` is called each
    time that another process turns out to lead. Raises DatabaseUnavailable, and whatever `work` raises.
    """
    async with dedicated_connection(dsn) as (connection, lost):
        while not await try_lock_connection(connection, name):
            on_other_leader()
            await asyncio.sleep(CANDIDATE_PAUSE_SECONDS)
        await _run_until(lost, work)


async def _run_until(lost: asyncio.Event, work: Callable[[], Awaitable[object]]) -> None:
    working = asyncio.ensure_future(work())
    losing = asyncio.create_task(lost.wait())
    try:
        await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        await cancel_and_wait((working, losing))
        if not working.cancelled():
            # Retrieved, so that asyncio does not log how work ended that is not wanted any more.
            working.exception()
