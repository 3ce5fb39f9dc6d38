"""The effects of events, which come after their refusals: each in a task of its own, repeated until it succeeds.

Nothing waits for an effect but the acknowledgement of its event.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from watchword.events.security_event import ReceivedEvent
from watchword.events.store import PendingEffects
from watchword.lines import quoted
from watchword.tally import Tally
from watchword.tasks import cancel_and_wait

logger = logging.getLogger("watchword.events")

MAX_AT_ONCE: Final = 4
"""How many effects of one process run at the same time. Each has a connection of the service's pool."""

MAX_IN_MEMORY: Final = 1_000
"""How many events of one process wait for their effects in its memory. A new stream may begin with every account that
was ever deleted."""

LONGEST_TRY_SECONDS: Final = 60.0
"""After which a try of an effect, or of a part of one, is ended, and counts as failed: one that never ends would keep
its place for ever."""

SHORTEST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 60.0

CarryOut = Callable[[ReceivedEvent], Awaitable[bool]]
"""Lets an event have its effect, or a part of it: then it returns True. Whatever the effect raises is raised."""

OnDone = Callable[[ReceivedEvent, int], None]
"""Called when an event has had its effect, with the position of its refusal."""


class Effects:
    """The effects of one process's events. They go on while another process polls: each happens once, in whichever."""

    def __init__(self, carry_out: CarryOut, types: Collection[str]) -> None:
        self._carry_out_once = carry_out
        self.types = frozenset(types)
        """Those of the events that have an effect."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._begun_at: dict[str, float] = {}
        # Events that must be delivered again, until there is room for one of them.
        self._postponed: set[str] = set()
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self.failures = Tally(*types)
        """How often an effect has failed, by the type of its event."""
        self.on_done: OnDone = lambda _, __: None

    def __contains__(self, jti: str) -> bool:
        return jti in self._tasks or jti in self._postponed

    def __len__(self) -> int:
        return len(self._tasks) + len(self._postponed)

    def pending(self) -> PendingEffects:
        """What has not had its effect in this process."""
        oldest = next(iter(self._begun_at.values()), None)
        return PendingEffects(len(self), 0.0 if oldest is None else time.monotonic() - oldest)

    def begin(self, received: ReceivedEvent, position: int) -> bool:
        """Let the event have its effect. False if it is on its way already, or if too many are: then it is delivered
        again until there is room for it."""
        if received.jti in self._tasks:
            return False
        if len(self._tasks) >= MAX_IN_MEMORY:
            self._postponed.add(received.jti)
            return False
        self._begun_at[received.jti] = time.monotonic()
        self._tasks[received.jti] = asyncio.create_task(self._carry_out(received, position))
        return True

    async def stop(self) -> None:
        """Give up what has not happened yet. The events are delivered again."""
        await cancel_and_wait(self._tasks.values())
        self._tasks.clear()
        self._begun_at.clear()
        self._postponed.clear()

    async def _carry_out(self, received: ReceivedEvent, position: int) -> None:
        pauses = _growing_pauses()
        while not await self._try_to_carry_out(received, pause := next(pauses)):
            await asyncio.sleep(pause)
        # In this order, so that the event is known all the time.
        self.on_done(received, position)
        del self._tasks[received.jti], self._begun_at[received.jti]
        self._postponed.clear()

    async def _try_to_carry_out(self, received: ReceivedEvent, pause: float) -> bool:
        try:
            has_more = True
            while has_more:
                # For each part, so that another event waits for a part of this one, and not for all of it.
                async with self._slots:
                    has_more = await self._try(received)
        except Exception as error:
            self.failures[received.type] += 1
            fields = {"type": received.type, "jti": received.jti, "again_in": pause}
            text = "the effect of an event has failed: %s %s: %s; again in %.1f s"
            logger.exception(text, received.type, quoted(received.jti), quoted(error), pause, extra=fields)
            return False
        return True

    async def _try(self, received: ReceivedEvent) -> bool:
        try:
            async with asyncio.timeout(LONGEST_TRY_SECONDS) as limit:
                return await self._carry_out_once(received)
        except TimeoutError as error:
            if limit.expired():
                raise TimeoutError(f"it was not over after {LONGEST_TRY_SECONDS:g} s") from error
            raise


def _growing_pauses() -> Iterator[float]:
    """Twice as long each time up to a minute, and never quite the same."""
    pause = SHORTEST_PAUSE_SECONDS
    while True:
        yield pause * random.uniform(0.8, 1.2)  # noqa: S311 - not for secrets
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def ensure_effects(effects: Mapping[str, object]) -> None:
    """Raise ValueError for an effect that would never be called."""
    for kind, effect in effects.items():
        if not urlsplit(kind).scheme:
            raise ValueError(f"effects: {kind!r} is no type of an event, which is a URI: see EventType")
        if not callable(effect):
            raise ValueError(f"effects: that of {kind} cannot be called")
