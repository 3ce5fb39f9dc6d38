"""How a server of the tests ends that has an event loop of its own."""

import asyncio
from typing import Final

SETTLING_ROUNDS: Final = 20
"""More rounds of the event loop than it takes from accepting a connection to the first step of the task that serves it,
or from aborting a connection to closing it."""


async def end_serving(server: asyncio.Server) -> None:
    """Accept nothing more, cancel every other task of this event loop, and return when all are over and their
    connections are closed."""
    for listening in server.sockets:
        asyncio.get_running_loop().remove_reader(listening)
    # What was accepted a moment ago stays open if the server is closed, or the task cancelled, before it has begun.
    await _settle()
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await _settle()


async def _settle() -> None:
    for _ in range(SETTLING_ROUNDS):
        await asyncio.sleep(0)
