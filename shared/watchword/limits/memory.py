"""What one process remembers: refusals that have not ended, and its own counts while the table cannot be asked."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from watchword.limits.limit import Charge

# The table counts in microseconds, so that only a difference of less is the computer's.
_ROUNDING: Final = 5e-7

MAX_KEYS: Final = 10_000
"""Keys in one memory. The one that was written longest ago is forgotten for one more."""


class Instants:
    """An instant for each key, in seconds of `monotonic`; one that is over counts as absent."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._instants: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._instants)

    def seconds_to(self, key: bytes) -> float:
        """How far ahead the key's instant is; 0 if there is none."""
        instant = self._instants.get(key)
        if instant is None:
            return 0.0
        ahead = instant - self._monotonic()
        if ahead <= 0:
            del self._instants[key]
        return max(0.0, ahead)

    def put(self, key: bytes, seconds: float) -> None:
        """Set the instant of a key so many seconds ahead."""
        self._instants[key] = self._monotonic() + seconds
        self._instants.move_to_end(key)
        if len(self._instants) > MAX_KEYS:
            self._instants.popitem(last=False)

    def shorten(self, key: bytes, seconds: float) -> None:
        """Bring the instant of a key, if it has one, so many seconds nearer."""
        if (ahead := self.seconds_to(key)) > 0:
            self._instants[key] = self._monotonic() + ahead - seconds


def waits(charges: Sequence[Charge], ahead: Sequence[float]) -> list[float]:
    """For each charge the seconds until it would be allowed, 0 if it is: GCRA, for limits whose uses until now are paid
    `ahead` seconds from now."""
    return [
        max(0.0, seconds + limit.cost - limit.seconds - _ROUNDING)
        for (limit, _), seconds in zip(charges, ahead, strict=True)
    ]


def charge_alone(memory: Instants, keys: Sequence[bytes], charges: Sequence[Charge]) -> list[float]:
    """Charge all of them or, if one is refused, none. Returns the waits."""
    ahead = [memory.seconds_to(key) for key in keys]
    refused = waits(charges, ahead)
    if not any(refused):
        for key, seconds, charge in zip(keys, ahead, charges, strict=True):
            memory.put(key, seconds + charge.limit.cost)
    return refused
