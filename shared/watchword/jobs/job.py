"""What a job is to the code that does it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final, TypeAlias
from uuid import UUID

from watchword.arguments import ensure_count, ensure_seconds

SHARE_OF_LEASE: Final = 0.75
"""A handler may use so much of its lease. The rest is for writing down how it went, before another may try."""

A_DAY: Final = timedelta(days=1)
MOST_DELIVERIES_AT_ONCE: Final = 8


class JobRefused(Exception):
    """Raised by a handler for a job that can never succeed: it becomes a dead job at once.

    The message is kept in the table, so it must say nothing secret.
    """


class JobPostponed(Exception):
    """Raised by a handler for a job whose turn has not come: it waits as after a failure, and no warning is logged."""


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at a job. `id` is the same in every attempt; `attempt` is 1 in the first.

    `losses` is how many attempts have not ended. `leased_until` is when another process may try, by the database's
    clock.
    """

    id: UUID
    kind: str
    key: str | None
    payload: dict[str, Any]
    attempt: int
    losses: int
    leased_until: datetime


Handler: TypeAlias = Callable[[Job], Awaitable[None]]
"""Does one job, outside any transaction. It may be called again after it has succeeded, if that could not be written
down: what it does must bear being done twice. An exception puts the job off; JobRefused makes it a dead job."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """How jobs of one kind are done.

    An attempt is cancelled after three quarters of `lease_seconds`; if its process has died, another one tries when the
    lease has run out. No pause after a failed attempt is longer than `longest_pause_seconds`. After `most_attempts` the
    job is dead: 15 of them take about three hours. It is dead too after `most_losses` attempts that have not ended: a
    job that kills its process must be given up sooner than one whose remote service does not answer. A process does no
    more than `most_at_once` of this kind at a time, so that jobs that take long leave room for others. With `every`,
    one job of this kind is always there: each completed or dead one is followed by another that much later.
    """

    handler: Handler
    most_attempts: int = 15
    most_losses: int = 5
    lease_seconds: float = 60.0
    longest_pause_seconds: float = 3_600.0
    most_at_once: int | None = None
    every: timedelta | None = None

    @classmethod
    def delivery(cls, handler: Handler, *, lease_seconds: float, longest_pause_seconds: float) -> "JobKind":
        """A kind whose jobs send something to a server of somebody else, which may be away or slow: they are tried for
        more than a day, and leave room for other jobs."""
        ensure_seconds("longest_pause_seconds", longest_pause_seconds)
        # A pause may be half as long as the longest; a few attempts come before they are that long.
        most_attempts = ceil(A_DAY.total_seconds() / (longest_pause_seconds / 2)) + 12
        return cls(
            handler,
            most_attempts=most_attempts,
            lease_seconds=lease_seconds,
            longest_pause_seconds=longest_pause_seconds,
            most_at_once=MOST_DELIVERIES_AT_ONCE,
        )

    def __post_init__(self) -> None:
        ensure_count("most_attempts", self.most_attempts, least=1)
        ensure_count("most_losses", self.most_losses, least=1)
        ensure_seconds("lease_seconds", self.lease_seconds)
        ensure_seconds("longest_pause_seconds", self.longest_pause_seconds)
        if self.most_at_once is not None:
            ensure_count("most_at_once", self.most_at_once, least=1)
        if self.every is not None:
            ensure_seconds("every", self.every.total_seconds())

    @property
    def limit_seconds(self) -> float:
        """How long one attempt may take, from before it was claimed."""
        return self.lease_seconds * SHARE_OF_LEASE
