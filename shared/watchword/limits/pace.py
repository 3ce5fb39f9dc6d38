"""The pace at which refusals leave, so that a flood of requests that are refused costs little."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from watchword.limits.memory import Instants

GAP_SECONDS: Final = 0.05
MOST_SECONDS: Final = 2.0
"""No refusal waits longer: callers that wait for an answer give up after a few seconds."""


class Pace:
    """Lets the refusals of one key leave one after the other: the first at once, each further one GAP_SECONDS later.

    Answering as fast as a caller asks would take the processor from everything else, and above all from the threads
    that hash passwords, which have a low priority.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._turns = Instants(monotonic)
        self._pause = pause

    async def wait(self, keys: Sequence[bytes]) -> None:
        """Return when the next refusal by each of these keys may leave."""
        seconds = max(map(self._turns.seconds_to, keys), default=0.0)
        for key in keys:
            self._turns.put(key, min(seconds + GAP_SECONDS, MOST_SECONDS))
        if seconds:
            await self._pause(seconds)
