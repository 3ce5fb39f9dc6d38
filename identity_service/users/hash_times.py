"""How long hashes take, so that a refused sign-in does not tell by its time which accounts exist."""

from collections import deque
from collections.abc import Collection
from typing import Final

SAMPLES: Final = 32
ENOUGH_SAMPLES: Final = 5
MOST_SECONDS: Final = 5.0
"""No answer waits longer, whatever the cost of a hash that was imported."""


class HashTimes:
    """What the latest hashes of each kind took in this process, and which kinds the table has."""

    def __init__(self) -> None:
        self._seconds: dict[str, deque[float]] = {}
        self._in_use: set[str] = set()

    def record(self, kind: str | None, seconds: Collection[float]) -> None:
        """Note what hashes of this kind took."""
        if kind is not None:
            self._seconds.setdefault(kind, deque(maxlen=SAMPLES)).extend(seconds)

    def set_in_use(self, kinds: Collection[str]) -> None:
        """Say which kinds of hashes the table has."""
        self._in_use = set(kinds)

    def needs_sample(self, kind: str) -> bool:
        """Whether too little is known of this kind."""
        return len(self._seconds.get(kind, ())) < ENOUGH_SAMPLES

    def slowest(self, forms: int = 1) -> float:
        """The seconds within which most hashes of the slowest kind in the table were computed of late, one for each
        form of a password."""
        return min(MOST_SECONDS, forms * max((self._usual(kind) for kind in self._in_use), default=0.0))

    def _usual(self, kind: str) -> float:
        ordered = sorted(self._seconds.get(kind, ()))
        return ordered[len(ordered) * 4 // 5] if ordered else 0.0
