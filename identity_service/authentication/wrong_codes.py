"""What is recorded of wrong codes after a right password: somebody may know it who does not have the second factor."""

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.limits import Limits
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.recorder import Recorder
from identity_service.users.models import User


class WrongCodes:
    """Tells the owner of an account, at most once a day, when more wrong codes come than four, and one more every six
    hours. Those of all half-open sign-ins count together: somebody who enters four codes in each would otherwise go on
    in silence."""

    def __init__(self, recorder: Recorder, letters: AccountLetters, limits: Limits) -> None:
        self._recorder = recorder
        self._letters = letters
        self._limits = limits

    async def record(self, db: AsyncSession, user: User) -> None:
        """Count a wrong code of the user, who must be locked. Call it in the transaction of the half-open sign-in."""
        if await self._limits.may_leave_wrong_code_untold(user.id):
            return
        if await self._limits.may_tell_of_wrong_codes(user.id):
            self._recorder.second_factor_failed(db, user.id)
            await self._letters.send_second_factor_failed(db, user.id, user.email)
