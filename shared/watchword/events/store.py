"""What a receiver asks of the place in which it keeps what it has received."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from watchword.auth.revocations import Revocation
from watchword.errors import Unavailable
from watchword.events.security_event import ReceivedEvent

if TYPE_CHECKING:
    # Not at run time, so that a service without a database needs no driver.
    from sqlalchemy.ext.asyncio import AsyncSession

LEASE_SECONDS: Final = 3.0
"""How long the leases of processes and of the one that polls are valid, by the clock of the store."""

Effect = Callable[["AsyncSession", ReceivedEvent], Awaitable[bool | None]]
"""What an event means to one service, in a transaction of its own that also notes that it is done.

One that returns True has done a part of it: its transaction is committed, and it is called again in another one.

It comes after the commit from which on tokens are refused, and is repeated until it succeeds. Effects of different
events can happen in any order, also at the same time: one that writes what the event says compares `received.at`.
"""

ProcessEffect = Callable[[ReceivedEvent], Awaitable[None]]
"""What an event means to one process of a service without a database.

It comes after tokens are refused, in every process, and is repeated until it succeeds. A process that starts gets the
events of the last hour again.
"""


class PollLeaseLost(Unavailable):
    """Another process polls now, or may. What this one has received and not committed is delivered to the other."""

    code = "poll_lease_lost"


@dataclass(frozen=True, slots=True)
class StoredRevocation:
    """A revocation, and when it happened by the issuer's clock, if that is to be measured."""

    revocation: Revocation
    happened_at: datetime | None


@dataclass(frozen=True, slots=True)
class LastContact:
    """When the transmitter last answered any process: by the store's clock, and so many seconds ago. `clock_offset` is
    how many seconds its clock was ahead of ours, if it has said what time it was. The answer may have `left_nothing`
    behind that was not taken: then everything is known that the transmitter had to say."""

    heard_at: datetime
    age_seconds: float
    clock_offset: float | None
    left_nothing: bool = True


@dataclass(frozen=True, slots=True)
class PendingEffects:
    """How many events are refused already and have not had their effect, and for how long the oldest has waited."""

    count: int = 0
    oldest_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LookResult:
    """What one look brings: the revocations after those that were known, and the `position` up to which they go.

    Some may have no position: those of processes that give none. They are part of every result until they are given
    one. The revocations can be iterated once, since there may be many.
    """

    position: int
    revocations: Iterator[StoredRevocation]
    lacks_positions: bool
    contact: LastContact | None
    pending: PendingEffects


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event whose refusal is committed: every process that has applied `position` obeys it.

    It `is_new` if it was not committed before, and `is_pending` if it has an effect that has not happened yet.
    """

    position: int
    is_new: bool
    is_pending: bool


class EventLocked(Unavailable):
    """The event cannot be taken at the moment, because something in the store is locked. Others may be."""


class EventStore(Protocol):
    """Where events go when they are delivered. Every method raises Unavailable if the store is."""

    async def take(
        self, received: ReceivedEvent, revocation: Revocation | None, *, has_effect: bool, is_replay: bool = False
    ) -> StoredEvent:
        """Keep what an event revokes, and tell every process. An event that was taken before changes nothing. How long
        it took is measured unless it `is_replay`. Raises EventLocked."""

    async def lowest_position(self) -> int | None:
        """Up to where every process with a valid lease has applied the revocations; None if no process has one."""


class ReceiverStore(EventStore, Protocol):
    """The state that the processes of one service share. Every method raises Unavailable if the store is.

    Times are those of the store's clock. Whatever one process writes as the one that polls, it writes only while its
    lease is valid: else the method raises PollLeaseLost.
    """

    async def look(self, applied_position: int | None, now: datetime, *, notify: bool) -> LookResult:
        """Renew this process's lease, note that it has applied everything up to `applied_position`, and read what came
        after that and has not expired at `now`. Without `applied_position` a process gets the position after which
        later looks go on.

        `notify` wakes the process that polls, which may wait for this one.
        """

    def read_all(self, position: int, now: datetime) -> AsyncGenerator[Sequence[Revocation], None]:
        """In portions, everything that had been committed when the first was asked for and has not expired at `now`,
        and some of what is committed meanwhile. Raises Unavailable also if that does not go up to `position`."""

    async def leave(self) -> None:
        """Give up this process's lease, so that nobody waits for it. A later look begins a new one."""

    async def seconds_until_free(self) -> float:
        """How long the poll lease is valid; not more than 0 if this process may try to take it."""

    async def take_poll_lease(self) -> bool:
        """Take the poll lease, unless another process has it."""

    async def renew_poll_lease(self) -> bool:
        """Prolong the poll lease; false if this process does not have it any more."""

    async def release_poll_lease(self) -> None:
        """Give the poll lease back, and wake the processes that wait for it."""

    async def note_contact(
        self, clock_offset: float | None, *, age_seconds: float, has_more: bool, left_nothing: bool
    ) -> None:
        """Note that the transmitter has answered so many seconds ago, and notify every process."""

    async def assign_positions(self) -> None:
        """Give positions to revocations that have none."""

    async def carry_out(self, received: ReceivedEvent, effect: Effect) -> bool:
        """Run the effect in a transaction, unless it has happened already. True if that was only a part of it. Whatever
        the effect raises is raised."""

    async def delete_expired(self, now: datetime) -> bool:
        """Delete a portion of what no token can contradict any more, at `now` and by the clock of the store; true if
        there may be more."""
