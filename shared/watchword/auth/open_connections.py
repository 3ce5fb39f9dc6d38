"""The open connections of one verifier, each of which ends with the token that it was opened with."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeVar

from watchword.auth.assurance import at_least
from watchword.auth.errors import InvalidToken
from watchword.auth.open_connection import Caller, ConnectionEnded, EndReason, OpenConnection
from watchword.auth.principal import Principal
from watchword.auth.public_key import KeySource
from watchword.auth.revocations import LeasedSource, Revocation, RevocationSource
from watchword.errors import Unavailable

if TYPE_CHECKING:
    from watchword.auth.verifier import Verifier

EXPIRY_CHECK_SECONDS: Final = 1.0
"""How often it is checked which idle connections have tokens that have expired."""

CANCELLATION_SECONDS: Final = 0.1
"""How long a task that sends after the end is given to be cancelled, before it gets an error; an app that swallows both
does not keep the process busy."""

HOLD_SECONDS: Final = 10
"""How long a connection is held, with nothing sent, if what is revoked cannot be learned; then it ends."""

Key = TypeVar("Key", bound=Hashable)


class OpenConnections:
    """Ends the connections of a verifier: at once when it learns of a revocation, and when their tokens expire.

    A revocation costs as much as its subject, session, role or key has connections. One timer checks the expiry of
    all; while no connection is open there is neither a timer nor a watcher of revocations.
    """

    def __init__(self, verifier: "Verifier") -> None:
        self._verifier = verifier
        self._source: RevocationSource | None = verifier.revocations
        self._leased_source = _leased(self._source)
        self._by_revocation_key: dict[str, set[OpenConnection]] = {}
        self._by_expiry: dict[int, set[OpenConnection]] = {}
        self._count = 0
        self._is_stopping = False
        self._next_check: asyncio.TimerHandle | None = None
        self._unwatch: Callable[[], None] | None = None

    def __len__(self) -> int:
        return self._count

    def add(self, callers: Sequence[Caller], task: "asyncio.Task[object] | None") -> OpenConnection:
        """A connection of this caller, as its guards note them, which `task` serves from now on."""
        assert task is not None  # noqa: S101 - servers call apps in tasks
        connection = OpenConnection(callers, task)
        principal = connection.principal
        for key in _revocation_keys(principal):
            self._by_revocation_key.setdefault(key, set()).add(connection)
        self._by_expiry.setdefault(_expiry(principal), set()).add(connection)
        self._count += 1
        if self._count == 1:
            self._begin()
        if self._is_stopping:
            connection.end(EndReason.STOPPED)
        return connection

    def discard(self, connection: OpenConnection) -> None:
        """Forget a connection that is no longer open."""
        for key in _revocation_keys(connection.principal):
            _discard(self._by_revocation_key, key, connection)
        _discard(self._by_expiry, _expiry(connection.principal), connection)
        self._count -= 1
        if self._count == 0:
            self._stop()

    def stop(self) -> None:
        """End every connection because the server stops, which would wait for them; also each that begins from now on,
        since clients come back at once."""
        self._is_stopping = True
        for connection in tuple(self._concerned(None)):
            connection.end(EndReason.STOPPED)

    async def ensure_open(self, connection: OpenConnection, *, is_write: bool = False) -> None:
        """Raise ConnectionEnded if nothing may pass on this connection any more, or at present no write."""
        if connection.end_reason is None:
            await self._check(connection, is_write)
        if connection.end_reason is not None:
            # Here the cancellation arrives, unless the app has swallowed it, or sends from a task of its own.
            await asyncio.sleep(CANCELLATION_SECONDS)
            raise ConnectionEnded(connection.end_reason)

    async def _check(self, connection: OpenConnection, is_write: bool) -> None:
        if self._verifier.keys.find(connection.principal.key_id) is None:
            await _find_key(self._verifier.keys, connection)
        if self._leased_source is not None and not self._leased_source.is_current():
            await _catch_up(self._leased_source, connection)
        self._end_if_refused(connection)
        if is_write and self._source is not None:
            try:
                self._source.ensure_in_contact(is_write)
            except Unavailable:
                connection.end(EndReason.UNCHECKED)

    def _end_if_refused(self, connection: OpenConnection) -> None:
        principal = connection.principal
        if self._source is not None and self._source.revocations.refuses(principal):
            connection.end(EndReason.REVOKED)
        elif self._verifier.seconds_left(principal) <= 0:
            connection.end(EndReason.EXPIRED)
        elif (acr := connection.required_acr()) and self._verifier.level_of(principal) not in at_least(acr):
            connection.end(EndReason.LOWERED)

    def _begin(self) -> None:
        self._check_expiry_later()
        if self._source is not None:
            self._unwatch = self._source.revocations.watch(self._on_change)

    def _stop(self) -> None:
        if self._next_check is not None:
            self._next_check.cancel()
            self._next_check = None
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def _on_change(self, revocation: Revocation | None) -> None:
        for connection in tuple(self._concerned(revocation)):
            self._end_if_refused(connection)

    def _concerned(self, revocation: Revocation | None) -> Iterable[OpenConnection]:
        if revocation is not None:
            return self._by_revocation_key.get(revocation.key, ())
        return chain.from_iterable(self._by_expiry.values())

    def _check_expiry_later(self) -> None:
        self._next_check = asyncio.get_running_loop().call_later(EXPIRY_CHECK_SECONDS, self._check_expiry)

    def _check_expiry(self) -> None:
        """End the connections whose tokens have expired, beginning with those that expire first."""
        self._check_expiry_later()
        for second in sorted(self._by_expiry):
            connections = tuple(self._by_expiry[second])
            for connection in connections:
                self._end_if_refused(connection)
            if connections[-1].end_reason is None:
                break


def _leased(source: object) -> LeasedSource | None:
    return source if isinstance(source, LeasedSource) else None


async def _find_key(keys: KeySource, connection: OpenConnection) -> None:
    """End the connection unless its token's key is one of the issuer's, as it is asked for a request."""
    try:
        await keys.get(connection.principal.key_id)
    except InvalidToken:
        connection.end(EndReason.UNSIGNED)
    except Unavailable:
        connection.end(EndReason.UNCHECKED)


async def _catch_up(source: LeasedSource, connection: OpenConnection) -> None:
    try:
        async with asyncio.timeout(HOLD_SECONDS):
            while not source.is_current():
                with suppress(Unavailable):
                    await source.catch_up()
                    continue
                await asyncio.sleep(1)
    except TimeoutError:
        connection.end(EndReason.UNCHECKED)


def _revocation_keys(principal: Principal) -> set[str]:
    """The keys of the revocations that can concern this caller: `_end_if_refused` says whether one does."""
    keys = {principal.subject, principal.key_id, *principal.roles}
    if principal.session_id is not None:
        keys.add(principal.session_id)
    return keys


def _expiry(principal: Principal) -> int:
    return int(principal.expires_at.timestamp())


def _discard(index: dict[Key, set[OpenConnection]], key: Key, connection: OpenConnection) -> None:
    index[key].discard(connection)
    if not index[key]:
        del index[key]
