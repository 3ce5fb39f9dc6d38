"""Where one process keeps what it receives if its service has no database: in its memory."""

from collections.abc import Callable
from typing import Final

from watchword.auth.revocations import Revocation, Revocations
from watchword.clock import Clock, seconds_since_boot
from watchword.events.security_event import ReceivedEvent
from watchword.events.store import Taken

REMEMBERED: Final = 10_000
"""How many events are recognised if they are delivered again."""


class MemoryStore:
    """An `EventStore`: what an event revokes is refused in this process at once, and in this one alone.

    `is_replay` says whether what is taken now happened before this process listened.
    """

    def __init__(self, revocations: Revocations, clock: Clock, is_replay: Callable[[], bool]) -> None:
        self._revocations = revocations
        self._clock = clock
        self._is_replay = is_replay
        self._taken: dict[str, None] = {}
        self._position = 0
        self.observe: Callable[[float], None] | None = None
        """Called for each revocation that has just happened, with the seconds since then."""
        self.last_measured_at = seconds_since_boot()
        """When that was last, in seconds since boot; before the first time, when this receiver was started."""

    async def take(self, received: ReceivedEvent, revocation: Revocation | None, *, has_effect: bool) -> Taken:
        is_new = received.jti not in self._taken
        if is_new:
            self._remember(received.jti)
            if revocation is not None:
                self._revoke(received, revocation)
        return Taken(self._position, is_new=is_new and not self._is_replay(), is_pending=has_effect)

    async def lowest_position(self) -> int | None:
        return self._position

    def _remember(self, jti: str) -> None:
        self._position += 1
        self._taken[jti] = None
        if len(self._taken) > REMEMBERED:
            del self._taken[next(iter(self._taken))]

    def _revoke(self, received: ReceivedEvent, revocation: Revocation) -> None:
        now = self._clock.now()
        self._revocations.add(revocation, now.timestamp())
        if received.happened_at is None or self._is_replay():
            return
        self.last_measured_at = seconds_since_boot()
        if self.observe is not None:
            self.observe(max(0.0, (now - received.happened_at).total_seconds()))
