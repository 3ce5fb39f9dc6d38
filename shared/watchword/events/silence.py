"""How long the transmitter has been silent, and what that means for requests."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchword.arguments import ensure_seconds
from watchword.clock import Clock
from watchword.errors import Unavailable
from watchword.events.store import LastContact


@dataclass(frozen=True, slots=True)
class SilencePolicy:
    """What follows when the transmitter has been silent for `seconds`: guarded writes are refused, or nothing is.

    A transmitter without events answers a long poll only at its end, after a second at most if it is Watchword's, and
    `seconds` must be several polls long.
    """

    seconds: float = 90.0
    refuse_writes: bool = False

    def __post_init__(self) -> None:
        ensure_seconds("seconds", self.seconds)


class TransmitterSilent(Unavailable):
    code = "transmitter_silent"
    detail = "Whether you still may do this cannot be known at the moment; try again shortly."
    retry_after = 5


class Contact:
    """When the transmitter last answered any process of this service, and what the policy says of its silence since."""

    def __init__(self, policy: SilencePolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._started_at = clock.now()
        self._heard_at: datetime | None = None
        self.last_at: datetime | None = None

    def begin(self) -> None:
        """Count from now on, if there was no answer yet: this process may have been forked long after this was made."""
        self._started_at = self._clock.now()

    def note(self, contact: LastContact) -> bool:
        """Note the last answer of the transmitter, by the time since then, which needs no second clock. False if it is
        the one that was noted before."""
        if contact.heard_at == self._heard_at:
            return False
        self._heard_at = contact.heard_at
        # The store's clock may have been put back since.
        self.last_at = self._clock.now() - timedelta(seconds=max(0.0, contact.age_seconds))
        return True

    def silent_for(self) -> float:
        """Seconds since the last answer; without one, since this process started."""
        return max(0.0, (self._clock.now() - (self.last_at or self._started_at)).total_seconds())

    def is_silent(self) -> bool:
        return self.silent_for() > self._policy.seconds

    def ensure(self, *, is_write: bool) -> None:
        """Raise TransmitterSilent if the policy refuses this request."""
        if is_write and self._policy.refuse_writes and self.is_silent():
            raise TransmitterSilent(f"the transmitter has been silent for {self.silent_for():.0f} s")
