"""The second factor of a half-open sign-in, which makes it a sign-on."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authentication.half_open import HalfOpenSignIns
from identity_service.authentication.known_devices import KnownDevice
from identity_service.authentication.outcomes import counted
from identity_service.authentication.sign_on_start import SignOnStart
from identity_service.authentication.wrong_codes import WrongCodes
from identity_service.authentications import PASSWORD, Authentication
from identity_service.devices import Device
from identity_service.errors import SecondFactorWrong, SignInOver
from identity_service.factors.codes import AcceptedCode, FactorCodes, is_recovery_code
from identity_service.factors.passkey_errors import PasskeyRefused
from identity_service.half_open_sign_ins import repository
from identity_service.half_open_sign_ins.models import HalfOpenSignIn
from identity_service.half_open_sign_ins.values import MAX_WRONG_CODES, LiveHalfOpenSignIn
from identity_service.letters import LetterKind
from identity_service.limits import Limits
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.recorder import Recorder
from identity_service.refused_sign_ins.models import Reason
from identity_service.refused_sign_ins.service import RefusedSignIns
from identity_service.sessions.new_device_letters import NewDeviceLetters
from identity_service.sign_ons.values import IssuedSignOn
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.limits import LimitReached
from watchword.tally import Tally

_OUTCOMES: Final[dict[type[BaseException], str]] = {
    SecondFactorWrong: "wrong",
    PasskeyRefused: "wrong",
    SignInOver: "over",
    LimitReached: "limited",
}

Attempt = Callable[[UUID], AbstractAsyncContextManager[None]]
"""Charges an attempt of a user, which the block makes. Raises LimitReached."""

Proof = Callable[[AsyncSession, User, Authentication], Awaitable[Authentication | None]]
"""Proves a second factor of a user, who is locked, in the transaction of the sign-on: it takes the authentication by
the password and returns it raised; None for a wrong code."""


@dataclass(frozen=True, slots=True, repr=False)
class HalfOpenBrowser:
    """A browser with a half-open sign-in: the secrets in its cookies, of the half-open sign-in and of the sign-on that
    it may have, its device cookie, and what the request says of it."""

    half_open_secret: str
    sign_on_secret: str
    known_device: KnownDevice | None
    device: Device

    def is_known_to(self, user_id: UUID) -> bool:
        """Whether this user has signed in in the browser before."""
        return self.known_device is not None and self.known_device.has_account(user_id)


class SecondFactor:
    """Completes half-open sign-ins, and counts the outcomes."""

    def __init__(
        self,
        database: Database,
        half_open: HalfOpenSignIns,
        sign_on_start: SignOnStart,
        codes: FactorCodes,
        clock: Clock,
        *,
        recorder: Recorder,
        limits: Limits,
        account_letters: AccountLetters,
        letters: NewDeviceLetters,
        refused_sign_ins: RefusedSignIns,
        wrong_codes: WrongCodes,
    ) -> None:
        self._database = database
        self._half_open = half_open
        self._start = sign_on_start
        self._codes = codes
        self._recorder = recorder
        self._clock = clock
        self._limits = limits
        self._account_letters = account_letters
        self._letters = letters
        self._refused_sign_ins = refused_sign_ins
        self._wrong_codes = wrong_codes
        self.outcomes = Tally("ok", *dict.fromkeys(_OUTCOMES.values()), "failed")

    async def prove_by_code(self, browser: HalfOpenBrowser, text: str) -> IssuedSignOn:
        """Sign the person on by a code of the authenticator app or a recovery code, which is used by that. The wrong
        code with the number `MAX_WRONG_CODES` ends the half-open sign-in.

        Raises SecondFactorWrong; SignInOver; LimitReached.
        """

        async def prove(db: AsyncSession, user: User, by_password: Authentication) -> Authentication | None:
            accepted = await self._codes.accept(db, user.id, text, by_password.at)
            if accepted is AcceptedCode.RECOVERY:
                self._recorder.recovery_code_used(db, user.id)
                # It takes the place of a letter about a new device, which is not written beside another notice.
                await self._account_letters.send_link(db, LetterKind.RECOVERY_CODE_USED, user.id, by_password.at)
            return by_password.raised_by_code() if accepted is not None else None

        def attempt(user_id: UUID) -> AbstractAsyncContextManager[None]:
            device = browser.known_device if browser.is_known_to(user_id) else None
            device_id = device.id if device is not None else None
            return self._limits.second_factor_attempt(user_id, device_id, is_recovery=is_recovery_code(text))

        return await self.complete(browser, attempt, prove)

    async def complete(self, browser: HalfOpenBrowser, attempt: Attempt, prove: Proof) -> IssuedSignOn:
        """Sign the person on if the second factor is proved, in an attempt that a limit allows.

        Raises SecondFactorWrong; SignInOver; LimitReached; what `prove` raises.
        """
        with counted(self.outcomes, _OUTCOMES):
            live = await self._get(browser.half_open_secret)
            try:
                async with attempt(live.user.id):
                    return await self._complete(live, browser, prove)
            except LimitReached:
                self._refused_sign_ins.count(live.username)
                raise
            except (SecondFactorWrong, PasskeyRefused):
                await self._refused_sign_ins.record(live.username, live.user.id, Reason.SECOND_FACTOR)
                raise

    async def _get(self, secret: str) -> LiveHalfOpenSignIn:
        live = await self._half_open.find(secret)
        if live is None:
            raise SignInOver("no live half-open sign-in")
        return live

    async def _complete(self, live: LiveHalfOpenSignIn, browser: HalfOpenBrowser, prove: Proof) -> IssuedSignOn:
        """Sign the person on if the second factor is proved. Raises SecondFactorWrong, SignInOver."""
        is_new = not browser.is_known_to(live.user.id) and await self._letters.is_new_browser(live.user)
        async with self._database.begin() as db:
            user, half_open = await self._lock(db, live)
            authentication = await prove(db, user, Authentication(self._clock.now(), PASSWORD, half_open.amr))
            if authentication is not None:
                await db.delete(half_open)
                # Charged only now: who knows the password alone must not use up the letters that tell of a sign-on.
                is_letter_due = is_new and await self._letters.may_send(user.id)
                return await self._start.start_in(
                    db, user, authentication, browser.device, browser.sign_on_secret, is_letter_due=is_letter_due
                )
            half_open.wrong_codes += 1
            if half_open.wrong_codes >= MAX_WRONG_CODES:
                await db.delete(half_open)
            await self._wrong_codes.record(db, user)
        raise SecondFactorWrong("wrong code, or one that was used")

    async def _lock(self, db: AsyncSession, live: LiveHalfOpenSignIn) -> tuple[User, HalfOpenSignIn]:
        """The user and the half-open sign-in, the rows locked until the transaction ends. Raises SignInOver."""
        user = await users.lock_unchanged(db, live.user)
        half_open = await repository.find_for_update(db, live.digest) if user is not None else None
        if user is None or half_open is None or not half_open.is_live(user.password_hash, self._clock.now()):
            raise SignInOver("the half-open sign-in, or its account, changed during the request")
        return user, half_open
