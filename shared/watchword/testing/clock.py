"""A clock that stands still until it is told to move."""

from datetime import UTC, datetime, timedelta


class StandingClock:
    def __init__(self, at: datetime | None = None) -> None:
        self._at = at or datetime.now(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, **by: float) -> None:
        """Move on; the arguments are those of timedelta."""
        self._at += timedelta(**by)
