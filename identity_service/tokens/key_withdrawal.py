"""Withdrawing a signing key that has leaked."""

from datetime import datetime
from typing import NamedTuple

from identity_service.keys import repository as keys
from identity_service.keys.models import whose_turn
from identity_service.keys.service import KeyNotFound
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.sessions import repository as sessions
from watchword.clock import Clock
from watchword.database.database import Database


class SigningPeriod(NamedTuple):
    """When a key that was withdrawn has signed."""

    since: datetime
    until: datetime


class KeyWithdrawal:
    """Has every process of every service refuse what a key has signed, from the commit on, whatever a JWKS says."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock

    async def withdraw(self, kid: str, cause: Cause) -> SigningPeriod | None:
        """Withdraw the key; doing so twice has no further effect. None if no other key signs: it stays as it is then.

        Raises KeyNotFound.
        """
        async with self._database.begin() as db:
            rows = {key.kid: key for key in await keys.lock_all(db)}
            key = rows.pop(kid, None)
            if key is None:
                raise KeyNotFound(f"there is no signing key {kid}")
            now = self._clock.now()
            if not key.is_compromised:
                if whose_turn(rows.values(), now) is None:
                    return None
                last_token_expires_at = key.withdrawn_at
                key.compromise(now)
                await self._recorder.key_withdrawn(db, now, kid, last_token_expires_at, cause)
                await keys.notify(db)
            return SigningPeriod(key.signs_from, key.signs_until)

    async def count_sessions(self, period: SigningPeriod) -> int:
        """How many live sessions have no other refresh token than one that was signed in this period."""
        async with self._database.begin() as db:
            return await sessions.count_issued_between(db, *period, self._clock.now())
