"""What is done for the owner of an account that somebody else has used."""

import secrets
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.ending import EndReason
from identity_service.factor_acts.changes import FactorChanges
from identity_service.letters import LetterKind
from identity_service.obedience.models import Act
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.cause import by_user
from identity_service.recording.recorder import Recorder
from identity_service.sessions.ending import end_all
from identity_service.users.models import User
from identity_service.users.passwords import Passwords
from watchword.clock import Clock


class Withdrawal:
    """Ends every session of an account, makes its password unusable until it is reset by a letter that is sent at once,
    and removes the factors that somebody else may have added: these would let in that person, and not the owner."""

    def __init__(
        self,
        passwords: Passwords,
        recorder: Recorder,
        letters: AccountLetters,
        clock: Clock,
        *,
        factor_changes: FactorChanges,
    ) -> None:
        self._passwords = passwords
        self._recorder = recorder
        self._letters = letters
        self._clock = clock
        self._factor_changes = factor_changes

    async def unusable_hash(self) -> str:
        """The hash of a password that nobody knows: a sign-in with any password takes as long as before."""
        return await self._passwords.hash(secrets.token_urlsafe(32))

    async def carry_out(
        self, db: AsyncSession, user: User, unusable_hash: str, reason: EndReason, *, since: datetime
    ) -> Act:
        """Call it in the transaction that used the link up. The user must be locked. What was added to the factors and
        recovery codes at `since` or later was not the owner's doing."""
        now = self._clock.now()
        user.set_password(unusable_hash, now)
        ended = await end_all(db, user.id, reason, now)
        if ended.session_ids:
            user.raise_version()
        cause = by_user(user.id, reason)
        enqueued = await self._recorder.password_withdrawn(db, now, user, ended, cause)
        enqueued += await self._factor_changes.withdraw(db, user, since, now, cause)
        await self._letters.send_link(db, LetterKind.RESET_PASSWORD, user.id, now)
        return Act(enqueued, cause.actor, str(user.id))
