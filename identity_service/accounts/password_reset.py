"""Setting a forgotten password anew."""

from typing import Final
from uuid import UUID

from identity_service.accounts.hints import hints
from identity_service.accounts.initial_passwords import ensure_other_than_initial
from identity_service.ending import EndReason
from identity_service.errors import LettersNotSent, ResetImpossible, WeakNewPassword
from identity_service.factor_acts.changes import FactorChanges
from identity_service.letters import LetterKind
from identity_service.limits import Limits
from identity_service.links import repository as links
from identity_service.links.models import SINGLE, LinkKind, LinkView
from identity_service.obedience.models import Act
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause, by_user
from identity_service.recording.recorder import Recorder
from identity_service.sessions.ending import end_all
from identity_service.users import repository as users
from identity_service.users.expectations import Expectation, expect_anything
from identity_service.users.models import User
from identity_service.users.passwords import Passwords
from identity_service.users.stand_ins import account_holder
from watchword.clock import Clock
from watchword.database.database import Database

_OWNER_ARRIVED: Final = "password reset at an address that nobody had verified"


class PasswordResets:
    """Lets those set another password who receive the letters of an account."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        recorder: Recorder,
        letters: AccountLetters,
        clock: Clock,
        *,
        factor_changes: FactorChanges,
        limits: Limits,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._recorder = recorder
        self._letters = letters
        self._clock = clock
        self._factor_changes = factor_changes
        self._limits = limits

    async def request(self, email: str) -> None:
        """Send a link to this address if an active account has it. Whether that is so is told to nobody: a letter is
        enqueued either way. Raises LimitReached."""
        await self._limits.ensure_may_request_letter()
        is_allowed = await self._limits.may_write_to(email, LetterKind.RESET_PASSWORD)
        async with self._database.begin() as db:
            user = await users.find_by_email(db, email, lock=True)
            recipient = user.id if user is not None and user.is_active and is_allowed else None
            await self._letters.send_link(db, LetterKind.RESET_PASSWORD, recipient, self._clock.now())

    async def request_for(self, user_id: UUID, cause: Cause, expect: Expectation = expect_anything) -> None:
        """Send a link to the address of this account, as an administrator wishes. It leaves the password as it is.

        Raises UserNotFound; LettersNotSent; ResetImpossible for a disabled account, whose links do nothing; and
        LimitReached by the same limits as `request`; and what `expect` raises of the user.
        """
        if not self._letters.can_send:
            raise LettersNotSent
        await self._limits.ensure_may_request_letter()
        async with self._database.begin() as db:
            email = _resettable(await users.find(db, user_id)).email
        await self._limits.ensure_may_write_to(email, LetterKind.RESET_PASSWORD)
        async with self._database.begin() as db:
            expect(_resettable(await users.find_for_update(db, user_id)))
            await self._letters.send_link(db, LetterKind.RESET_PASSWORD, user_id, self._clock.now())
            record_act(db, cause, "user.password_reset_requested", user_id, before=None, after=None)

    async def look_up(self, token: str) -> LinkView:
        """What the link is about. Raises LinkInvalid."""
        user, link = await links.read(self._database, LinkKind.PASSWORD_RESET, token, self._clock.now())
        return LinkView(user.username, link.email)

    async def complete(self, token: str, new_password: str) -> Act:
        """Set another password, end every session, and take the address as verified, since the letter arrived there. If
        it was not verified before, every factor and every recovery code of the account is removed: somebody else may
        have added them who only wrote this address, and they would let that person in and keep its owner out.

        Raises LinkInvalid, WeakNewPassword, LimitReached.
        """
        user, _ = await links.read(self._database, LinkKind.PASSWORD_RESET, token, self._clock.now())
        async with self._limits.proof_attempt(user.id):
            await ensure_other_than_initial(self._passwords, user, new_password)
            await self._passwords.ensure_strong(new_password, hints(user), WeakNewPassword)
            new_hash = await self._passwords.hash(new_password)
        async with self._database.begin() as db:
            user, _, now = await links.use(db, LinkKind.PASSWORD_RESET, token, self._clock)
            has_unproved_factors = user.has_second_factor and user.email_verified_at is None
            user.set_password(new_hash, now)
            user.verify_email(now)
            await links.withdraw(db, user.id, *SINGLE)
            ended = await end_all(db, user.id, EndReason.PASSWORD_RESET, now)
            if ended.session_ids:
                user.raise_version()
            cause = by_user(user.id, EndReason.PASSWORD_RESET)
            enqueued = await self._recorder.password_changed(db, now, user, ended, cause)
            if has_unproved_factors:
                enqueued += await self._factor_changes.withdraw(db, user, None, now, by_user(user.id, _OWNER_ARRIVED))
            kind = LetterKind.FACTORS_WITHDRAWN if has_unproved_factors else LetterKind.PASSWORD_CHANGED
            await self._letters.send_link(db, kind, user.id, now)
        return Act(enqueued, cause.actor, str(user.id))


def _resettable(user: User | None) -> User:
    """Raises UserNotFound, ResetImpossible."""
    user = account_holder(user)
    if not user.is_active:
        raise ResetImpossible
    return user
