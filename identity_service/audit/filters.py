"""Which entries of the audit log somebody wants to read, and where they are in the order of ids."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_RANDOM_BITS: Final = 80

FIRST: Final = UUID(int=0)
LAST: Final = UUID(int=2**128 - 1)
"""Before and behind the id of any entry."""


class AuditFilter(NamedTuple):
    """None is for every entry. `since` is the earliest time, and `until` the first one that is too late."""

    actor: str | None = None
    subject: str | None = None
    action: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def first(self) -> UUID:
        """No entry since that time has a smaller id."""
        return FIRST if self.since is None else _first_of(self.since)

    @property
    def end(self) -> UUID:
        """Every entry before that time has a smaller id."""
        return LAST if self.until is None else _first_of(self.until)

    def words(self) -> dict[str, str | None]:
        """The texts that entries must have, by the name of the column."""
        return {name: getattr(self, name) for name in ("request_id", "subject", "actor", "action")}


def time_of(entry_id: UUID) -> datetime:
    """The time in an id of version 7 (RFC 9562), in milliseconds: entries are listed and filtered by it alone, so that
    no entry is outside the times that select it."""
    return _EPOCH + (entry_id.int >> _RANDOM_BITS) * _MILLISECOND


def _first_of(at: datetime) -> UUID:
    """The smallest id of the first millisecond that is not before this time."""
    milliseconds = -((_EPOCH - at) // _MILLISECOND)
    return UUID(int=max(0, milliseconds) << _RANDOM_BITS)
