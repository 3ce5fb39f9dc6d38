"""Where one process keeps what it receives if its service has no database: in its memory."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from watchword.auth.revocations import Revocation, Revocations
from watchword.clock import Clock, seconds_since_boot
from watchword.events.security_event import ReceivedEvent
from watchword.events.store import StoredEvent

REMEMBERED: Final = 10_000
"""How many events are recognised if they are delivered again."""


class MemoryStore:
    """An `EventStore`: what an event revokes is refused in this process at once, and in this one alone."""

    def __init__(self, revocations: Revocations, clock: Clock) -> None:
        self._revocations = revocations
        self._clock = clock
        self._taken: dict[str, None] = {}
        self._position = 0
        self.observe: Callable[[float], None] | None = None
        """Called for each revocation that has just happened, with the seconds since then."""
        self.last_measured_at = seconds_since_boot()
        """When that was last, in seconds since boot; before the first time, when this receiver was started."""

    async def take(
        self, received: ReceivedEvent, revocation: Revocation | None, *, has_effect: bool, is_replay: bool = False
    ) -> StoredEvent:
        is_new = received.jti not in self._taken
        if is_new:
            self._remember(received.jti)
            if revocation is not None:
                self._revocations.add(revocation, self._clock.now().timestamp())
            if revocation is not None and received.happened_at is not None and not is_replay:
                self._measure(received.happened_at)
        return StoredEvent(self._position, is_new=is_new, is_pending=has_effect)

    async def lowest_position(self) -> int | None:
        return self._position

    def _remember(self, jti: str) -> None:
        self._position += 1
        self._taken[jti] = None
        if len(self._taken) > REMEMBERED:
            del self._taken[next(iter(self._taken))]

    def _measure(self, happened_at: datetime) -> None:
        self.last_measured_at = seconds_since_boot()
        if self.observe is not None:
            self.observe(max(0.0, (self._clock.now() - happened_at).total_seconds()))
