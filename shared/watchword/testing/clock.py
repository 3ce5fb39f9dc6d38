"""A clock for tests."""

from datetime import UTC, datetime, timedelta


class StandingClock:
    """A clock that shows the same time until `advance` is called."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at or datetime.now(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, **duration: float) -> None:
        """Move the time forward. The arguments are those of timedelta."""
        self._at += timedelta(**duration)
