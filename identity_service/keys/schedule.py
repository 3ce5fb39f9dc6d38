"""When keys are made and take over: a function of the clock, so that replicas agree without a leader."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from identity_service.keys.models import SigningKey


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a key signs, how long others may cache the JWKS, and how long the longest-lived token lasts."""

    signing: timedelta
    jwks_max_age: timedelta
    longest_token: timedelta
    check_seconds: float

    @property
    def notice(self) -> timedelta:
        """How long a key must be published before it signs.

        By then every replica has read it twice over, and every cached JWKS has expired.
        """
        return self.jwks_max_age + 2 * timedelta(seconds=self.check_seconds)

    @property
    def lead(self) -> timedelta:
        """How long before its turn the next key is made."""
        return max(self.notice, min(timedelta(days=1), self.signing / 2))

    def is_due(self, keys: Iterable[SigningKey], now: datetime) -> bool:
        """Whether the next key must be made now, so that some key signs at every instant of the lead."""
        return covered_until(keys, now) <= now + self.lead


def covered_until(keys: Iterable[SigningKey], now: datetime) -> datetime:
    """The first instant from `now` on at which none of these keys signs."""
    until = now
    for key in sorted(keys, key=lambda key: key.signs_from):
        if key.is_published(now) and key.signs_from <= until < key.signs_until:
            until = key.signs_until
    return until
