"""What is recorded of a passkey whose counter went back: somebody may have a copy of its key."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.factors.passkey_errors import PasskeyCopied
from identity_service.letters import LetterKind
from identity_service.limits import Limits
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.recorder import Recorder
from identity_service.users.models import User


class CopiedPasskeys:
    """Records refusals of copied passkeys, and tells the owner by letter."""

    def __init__(self, recorder: Recorder, letters: AccountLetters, limits: Limits) -> None:
        self._recorder = recorder
        self._letters = letters
        self._limits = limits

    async def record(self, db: AsyncSession, user: User, error: PasskeyCopied, now: datetime) -> None:
        """Record that this passkey of the user, who must be locked, was refused. Call it in the transaction in which
        the error was caught, and raise the error after that."""
        self._recorder.passkey_refused(db, user.id, error.passkey.id, str(error))
        # Somebody who has the copy must not be able to send the owner any number of letters.
        if self._letters.can_send and await self._limits.may_tell(user.id, LetterKind.PASSKEY_REFUSED):
            name = error.passkey.name
            await self._letters.send_link(db, LetterKind.PASSKEY_REFUSED, user.id, now, passkey=name)
