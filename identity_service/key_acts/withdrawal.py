"""Withdrawing a signing key that has leaked."""

from datetime import datetime
from typing import NamedTuple

from identity_service.keys import repository as keys
from identity_service.keys.models import whose_turn
from identity_service.keys.service import KeyNotFound, SigningKeys
from identity_service.obedience.models import Act
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.sessions import repository as sessions
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.database.errors import DatabaseUnavailable


class SigningPeriod(NamedTuple):
    """When a key that was withdrawn has signed, and the act; None if it had been withdrawn before."""

    since: datetime
    until: datetime
    act: Act | None


class WithdrawnKey(NamedTuple):
    """The outcome of withdrawing a key: the one that signs instead, how many sessions must sign in again, None if they
    could not be counted, and the act; None if the key had been withdrawn before."""

    signing_kid: str
    sessions: int | None
    act: Act | None


class KeyWithdrawal:
    """Has every process of every service refuse what a key has signed, from the commit on, whatever a JWKS says."""

    def __init__(self, database: Database, signing_keys: SigningKeys, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._signing_keys = signing_keys
        self._recorder = recorder
        self._clock = clock

    async def withdraw(self, kid: str, cause: Cause) -> WithdrawnKey:
        """Withdraw the key, once another one is published and signs. Raises KeyNotFound."""
        period = None
        while period is None:
            # Another key is published and signs before the event goes out, which it signs. Somebody may withdraw that
            # one before this one is.
            successor = await self._signing_keys.get_or_make_successor(kid)
            period = await self.withdraw_unless_last(kid, cause)
        try:
            number = await self._count_sessions(period)
        except DatabaseUnavailable:
            # The key is withdrawn, and only how many tokens it has signed took too long to count.
            number = None
        return WithdrawnKey(successor.kid, number, period.act)

    async def withdraw_unless_last(self, kid: str, cause: Cause) -> SigningPeriod | None:
        """Withdraw the key; doing so twice has no further effect. None if no other key signs: it stays as it is then.

        Raises KeyNotFound.
        """
        async with self._database.begin() as db:
            rows = {key.kid: key for key in await keys.lock_all(db)}
            key = rows.pop(kid, None)
            if key is None:
                raise KeyNotFound(f"there is no signing key {kid}")
            now = self._clock.now()
            act = None
            if not key.is_compromised:
                if whose_turn(rows.values(), now) is None:
                    return None
                enqueued = await self._recorder.key_withdrawn(db, now, key, cause)
                key.compromise(now)
                act = Act(enqueued, cause.actor, kid)
                await keys.notify(db)
            return SigningPeriod(key.signs_from, key.signs_until, act)

    async def _count_sessions(self, period: SigningPeriod) -> int:
        """How many live sessions have no other refresh token than one that was signed in this period."""
        async with self._database.begin() as db:
            return await sessions.count_issued_between(db, period.since, period.until, self._clock.now())
