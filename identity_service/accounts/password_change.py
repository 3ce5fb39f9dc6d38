"""Changing a password by those who know it."""

from uuid import UUID

from identity_service.accounts.hints import hints
from identity_service.accounts.initial_passwords import ensure_other_than_initial
from identity_service.accounts.schemas import PasswordChange
from identity_service.ending import EndReason
from identity_service.errors import PasswordChanged, UserNotFound, WeakNewPassword, WrongPassword
from identity_service.letters import LetterKind
from identity_service.limits import Limits
from identity_service.links import repository as links
from identity_service.links.models import SINGLE
from identity_service.obedience.models import Act
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.cause import by_user
from identity_service.recording.recorder import Recorder
from identity_service.sessions.ending import end_all
from identity_service.sign_ons.values import LiveSignOn
from identity_service.users import repository as users
from identity_service.users.passwords import Passwords
from watchword.clock import Clock
from watchword.database.database import Database


class PasswordChanges:
    """Changes passwords. Times are read while the user's row is locked."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        recorder: Recorder,
        letters: AccountLetters,
        clock: Clock,
        *,
        limits: Limits,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._recorder = recorder
        self._letters = letters
        self._clock = clock
        self._limits = limits

    async def change(self, user_id: UUID, session_id: UUID, change: PasswordChange) -> Act:
        """Set another password, end everything but this session, its sign-on and the other sessions of that, and make
        the links invalid that were requested before. Raises WrongPassword, WeakNewPassword, PasswordChanged,
        UserNotFound, LimitReached."""
        return await self._change(user_id, change, except_session=session_id)

    async def change_in_sign_on(self, sign_on: LiveSignOn, change: PasswordChange) -> Act:
        """Set another password, end every other sign-on and every session that does not come from this one, and make
        the links invalid that were requested before. Raises as `change` does."""
        return await self._change(sign_on.user_id, change, except_sign_on=sign_on.id)

    async def _change(self, user_id: UUID, change: PasswordChange, **exceptions: UUID) -> Act:
        async with self._database.begin() as db:
            user = await users.find(db, user_id)
        if user is None:
            raise UserNotFound
        verified_hash = user.password_hash
        async with self._limits.proof_attempt(user_id):
            is_right, _ = await self._passwords.verify(change.current_password, verified_hash)
        if not is_right:
            raise WrongPassword
        await ensure_other_than_initial(self._passwords, user, change.new_password)
        await self._passwords.ensure_strong(change.new_password, hints(user), WeakNewPassword)
        new_hash = await self._passwords.hash(change.new_password)
        async with self._database.begin() as db:
            locked = await users.find_for_update(db, user_id)
            # The hash may have been replaced since the current password was verified against it.
            if locked is None or locked.password_hash != verified_hash:
                raise PasswordChanged
            now = self._clock.now()
            locked.set_password(new_hash, now)
            await links.withdraw(db, user_id, *SINGLE)
            ended = await end_all(db, user_id, EndReason.PASSWORD_CHANGED, now, **exceptions)
            if ended.session_ids:
                locked.raise_version()
            cause = by_user(user_id, EndReason.PASSWORD_CHANGED)
            enqueued = await self._recorder.password_changed(db, now, locked, ended, cause)
            await self._letters.send_link(db, LetterKind.PASSWORD_CHANGED, user_id, now)
        return Act(enqueued, cause.actor, str(user_id))
