"""Which of the changes that are read again and again are new."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from posts_service.live.repository import Change

# A post bears the time at which its transaction began to write, by the clock of its process, and is seen once that has
# committed. A change that is seen later than this is sent to nobody.
OVERLAP: Final = timedelta(seconds=15)


class KnownChanges:
    """Tells changes apart that have been read before. Those since `begin` are new, and those of the overlap before."""

    def __init__(self, begin: datetime, overlap: timedelta = OVERLAP) -> None:
        self._overlap = overlap
        self._earliest = begin - overlap
        self._looked_at = begin
        self._known: set[Change] = set()
        self._skipped_to: datetime | None = None

    @property
    def since(self) -> datetime:
        """From when on changes have to be read: some of them are known, and none that is new is older."""
        return max(self._earliest, self._looked_at - self._overlap)

    def new_among(self, changes: Sequence[Change]) -> list[Change]:
        """Those of the changes that have not been noted."""
        return [change for change in changes if change not in self._known]

    def note(self, new: Sequence[Change], looked_at: datetime) -> None:
        """Note what was new at `looked_at`, when everything since `since` was read."""
        self._known.update(new)
        self._looked_at = looked_at
        since = self.since
        self._known = {change for change in self._known if change.at >= since}

    def skip(self, to: datetime) -> None:
        """Leave out everything before, also what is committed later: see `has_settled`."""
        self._earliest = self._looked_at = self._skipped_to = to
        self._known.clear()

    def has_settled(self, at: datetime) -> bool:
        """Whether, since the last skip, everything that it left out has been committed: true once after each."""
        if self._skipped_to is None or at < self._skipped_to + self._overlap:
            return False
        self._skipped_to = None
        return True
