"""How long after a revocation this process begins to refuse it."""

from collections.abc import Callable
from datetime import datetime

from watchword.clock import seconds_since_boot


class RefusalDelay:
    """Measures each revocation that this process has just begun to refuse."""

    def __init__(self) -> None:
        self.observe: Callable[[float], None] | None = None
        """Called with the seconds since the revocation happened."""
        self.begin()

    def begin(self) -> None:
        """Count from now on until the next measurement: the receiver starts."""
        self._last_at = seconds_since_boot()

    def seconds_since_last(self) -> float:
        """How long ago the last measurement was, or the start if there was none since."""
        return seconds_since_boot() - self._last_at

    def measure(self, happened_at: datetime | None, now: datetime) -> None:
        """Measure a revocation that is refused from `now` on; without `happened_at` its age says nothing."""
        if happened_at is None:
            return
        self._last_at = seconds_since_boot()
        if self.observe is not None:
            self.observe(max(0.0, (now - happened_at).total_seconds()))
