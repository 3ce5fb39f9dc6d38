"""Where one process keeps what it receives if its service has no database: in its memory."""

from typing import Final

from watchword.auth.revocations import Revocation, Revocations
from watchword.clock import Clock
from watchword.events.refusal_delay import RefusalDelay
from watchword.events.security_event import ReceivedEvent
from watchword.events.store import StoredEvent

MAX_KNOWN_IDS: Final = 10_000
"""How many events are recognised if they are delivered again."""


class MemoryStore:
    """An `EventStore`: what an event revokes is refused in this process at once, and in this one alone."""

    def __init__(self, revocations: Revocations, clock: Clock, refusal_delay: RefusalDelay) -> None:
        self._revocations = revocations
        self._clock = clock
        self._known_ids: dict[str, None] = {}
        self._position = 0
        self._refusal_delay = refusal_delay

    async def take(
        self, received: ReceivedEvent, revocation: Revocation | None, *, has_effect: bool, is_replay: bool = False
    ) -> StoredEvent:
        is_new = received.jti not in self._known_ids
        if is_new:
            self._remember(received.jti)
            if revocation is not None:
                now = self._clock.now()
                self._revocations.add(revocation, now.timestamp())
                self._refusal_delay.measure(None if is_replay else received.happened_at, now)
        return StoredEvent(self._position, is_new=is_new, is_pending=has_effect)

    async def lowest_position(self) -> int | None:
        return self._position

    def _remember(self, jti: str) -> None:
        self._position += 1
        self._known_ids[jti] = None
        if len(self._known_ids) > MAX_KNOWN_IDS:
            del self._known_ids[next(iter(self._known_ids))]
