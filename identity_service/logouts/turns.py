"""Whose turn it is: no client takes the places of the others, however slow it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from watchword.errors import Unavailable
from watchword.jobs import JobPostponed

MOST_PER_CLIENT: Final = 2
TURN_SECONDS: Final = 0.2
"""How long a job waits for its client's turn. A client that answers fast has one by then."""

REST_FACTOR: Final = 3
"""How much longer than a failed request took its client then rests. One that is silent takes half a place at most."""


class ClientAway(Unavailable):
    """The client has not taken the logout token this time. The message says why, without what the client wrote."""

    code = "client_away"


class NotItsTurn(JobPostponed):
    """The logout token was not sent: others of its client come first, or the client rests."""


class Turns:
    """The requests that each client gets at a time, in this process.

    There may be thousands of jobs for a client that is slow: so they are put off at once while both of its requests
    take long, and while it rests. Waiting for a turn each, they would hold up every job that comes after them.
    """

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    @asynccontextmanager
    async def of(self, client_id: str) -> AsyncIterator[None]:
        """One of the client's requests, which the block makes. Raises NotItsTurn. The block raises ClientAway for a
        client that did not take the request, which then rests."""
        turn = self._turns.setdefault(client_id, _Turn())
        await turn.begin(client_id)
        began_at = _now()
        turn.running.append(began_at)
        try:
            yield
        except ClientAway:
            turn.rests_until = max(turn.rests_until, _now() + REST_FACTOR * (_now() - began_at))
            raise
        finally:
            turn.running.remove(began_at)
            turn.places.release()


class _Turn:
    """The requests of one client that run: when each began; and until when it gets none."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(MOST_PER_CLIENT)
        self.running: list[float] = []
        self.rests_until = 0.0

    async def begin(self, client_id: str) -> None:
        """Take one of the places. Raises NotItsTurn."""
        if _now() < self.rests_until:
            raise NotItsTurn(f"{client_id} did not answer to another logout token just now")
        long_ones = [began_at for began_at in self.running if _now() - began_at > TURN_SECONDS]
        if len(long_ones) == MOST_PER_CLIENT:
            raise NotItsTurn(f"{client_id} is slow to take other logout tokens")
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self.places.acquire()
        except TimeoutError:
            raise NotItsTurn(f"{client_id} is slow to take other logout tokens") from None


def _now() -> float:
    return asyncio.get_running_loop().time()
