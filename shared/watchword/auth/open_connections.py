"""The open connections of one verifier, each of which ends with the token that it was opened with."""

import asyncio
from collections.abc import Callable, Hashable, Iterable
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeVar

from watchword.auth.principal import Principal
from watchword.auth.revocations import Kind, LeasedSource, Revocation, RevocationSource
from watchword.errors import Unavailable

if TYPE_CHECKING:
    from watchword.auth.verifier import Verifier

PASSED: Final = "watchword.passed"
"""Where the scope of a request has the list of principals that its guards have let pass."""

LOOK_SECONDS: Final = 1.0
"""How often idle connections are looked at whose tokens expire."""

HOLD_SECONDS: Final = 10
"""How long a connection is held, with nothing sent, if what is revoked cannot be learned; then it ends."""

# A revocation of another kind, such as a role's, can concern anybody.
_KINDS_OF_ONE: Final = frozenset({Kind.SESSION, Kind.CLAIMS, Kind.VERSION, Kind.SIGNED_OUT, Kind.DISABLED, Kind.PURGED})

Key = TypeVar("Key", bound=Hashable)


class Ending(StrEnum):
    """Why a connection has ended."""

    REVOKED = "the token is revoked"
    EXPIRED = "the token has expired"
    UNCHECKED = "whether the token is revoked cannot be learned"
    STOPPED = "the service stops"


class ConnectionEnded(OSError):
    """Something was sent on a connection after its end. Servers raise an OSError for a client that has gone (ASGI)."""


class OpenConnection:
    """One streaming answer or WebSocket. At its end `ending` says why, and the task that serves it is cancelled."""

    __slots__ = ("_task", "ending", "principal")

    def __init__(self, principal: Principal, task: "asyncio.Task[object]") -> None:
        self.principal = principal
        self.ending: Ending | None = None
        self._task = task

    def end(self, ending: Ending) -> None:
        if self.ending is None:
            self.ending = ending
            self._task.cancel(ending)


class OpenConnections:
    """Ends the connections of a verifier: at once when it learns of a revocation, and when their tokens expire.

    A revocation costs as much as its subject or session has connections. One timer looks after the expiry of all; while
    no connection is open there is neither a timer nor a watcher of revocations.
    """

    def __init__(self, verifier: "Verifier") -> None:
        self._verifier = verifier
        self._source: RevocationSource | None = verifier.revocations
        self._leased_source = _leased(self._source)
        self._by_key: dict[str, set[OpenConnection]] = {}
        self._by_expiry: dict[int, set[OpenConnection]] = {}
        self._count = 0
        self._next_look: asyncio.TimerHandle | None = None
        self._unwatch: Callable[[], None] | None = None

    def __len__(self) -> int:
        return self._count

    def add(self, principal: Principal) -> OpenConnection:
        """A connection of this caller, which the running task serves from now on."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - servers call apps in tasks
        connection = OpenConnection(principal, task)
        for key in _keys(principal):
            self._by_key.setdefault(key, set()).add(connection)
        self._by_expiry.setdefault(_expiry(principal), set()).add(connection)
        self._count += 1
        if self._count == 1:
            self._begin()
        return connection

    def discard(self, connection: OpenConnection) -> None:
        """Forget a connection that is no longer open."""
        for key in _keys(connection.principal):
            _discard(self._by_key, key, connection)
        _discard(self._by_expiry, _expiry(connection.principal), connection)
        self._count -= 1
        if self._count == 0:
            self._stop()

    def stop(self) -> None:
        """End every connection because the server stops, which would wait for them."""
        for connection in tuple(self._concerned(None)):
            connection.end(Ending.STOPPED)

    async def ensure_open(self, connection: OpenConnection, *, is_write: bool = False) -> None:
        """Raise ConnectionEnded if nothing may pass on this connection any more, or at present no write."""
        if connection.ending is None:
            await self._check(connection, is_write)
        if connection.ending is not None:
            # Here the cancellation arrives, unless the app has swallowed it.
            await asyncio.sleep(0)
            raise ConnectionEnded(connection.ending)

    async def _check(self, connection: OpenConnection, is_write: bool) -> None:
        if self._leased_source is not None and not self._leased_source.is_current():
            await _catch_up(self._leased_source, connection)
        self._end_if_refused(connection)
        if is_write and self._source is not None:
            try:
                self._source.ensure_in_contact(is_write)
            except Unavailable:
                connection.end(Ending.UNCHECKED)

    def _end_if_refused(self, connection: OpenConnection) -> None:
        if self._source is not None and self._source.revocations.refuses(connection.principal):
            connection.end(Ending.REVOKED)
        elif self._verifier.seconds_left(connection.principal) <= 0:
            connection.end(Ending.EXPIRED)

    def _begin(self) -> None:
        self._look_later()
        if self._source is not None:
            self._unwatch = self._source.revocations.watch(self._on_change)

    def _stop(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def _on_change(self, revocation: Revocation | None) -> None:
        for connection in tuple(self._concerned(revocation)):
            self._end_if_refused(connection)

    def _concerned(self, revocation: Revocation | None) -> Iterable[OpenConnection]:
        if revocation is not None and revocation.kind in _KINDS_OF_ONE:
            return self._by_key.get(revocation.key, ())
        return chain.from_iterable(self._by_expiry.values())

    def _look_later(self) -> None:
        self._next_look = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """End the connections whose tokens have expired, beginning with those that expire first."""
        self._look_later()
        for second in sorted(self._by_expiry):
            connections = tuple(self._by_expiry[second])
            for connection in connections:
                self._end_if_refused(connection)
            if connections[-1].ending is None:
                break


def _leased(source: object) -> LeasedSource | None:
    return source if isinstance(source, LeasedSource) else None


async def _catch_up(source: LeasedSource, connection: OpenConnection) -> None:
    for _ in range(HOLD_SECONDS):
        try:
            await source.catch_up()
        except Unavailable:
            await asyncio.sleep(1)
        else:
            return
    connection.end(Ending.UNCHECKED)


def _keys(principal: Principal) -> Iterable[str]:
    """The keys with which a revocation can name this caller alone."""
    yield principal.subject
    if principal.session_id is not None and principal.session_id != principal.subject:
        yield principal.session_id


def _expiry(principal: Principal) -> int:
    return int(principal.expires_at.timestamp())


def _discard(index: dict[Key, set[OpenConnection]], key: Key, connection: OpenConnection) -> None:
    index[key].discard(connection)
    if not index[key]:
        del index[key]
