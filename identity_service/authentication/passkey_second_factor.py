"""A passkey as the second factor of a half-open sign-in."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authentication.copied_passkeys import CopiedPasskeys
from identity_service.authentication.passkey_prompts import PasskeyPrompts
from identity_service.authentication.second_factor import HalfOpenBrowser, SecondFactor
from identity_service.authentications import Authentication
from identity_service.factors.ceremonies import Ceremonies
from identity_service.factors.challenges import Purpose
from identity_service.factors.passkey_errors import PasskeyCopied
from identity_service.factors.unverified_answers import Credential
from identity_service.limits import Limits
from identity_service.sign_ons.values import IssuedSignOn
from identity_service.users.models import User


class PasskeySecondFactor:
    """Completes half-open sign-ins by a passkey of the account."""

    def __init__(
        self,
        second_factor: SecondFactor,
        ceremonies: Ceremonies,
        prompts: PasskeyPrompts,
        copied: CopiedPasskeys,
        limits: Limits,
    ) -> None:
        self._second_factor = second_factor
        self._ceremonies = ceremonies
        self._prompts = prompts
        self._copied = copied
        self._limits = limits

    async def options(self, user_id: UUID) -> dict[str, Any] | None:
        """What the page asks the browser for; None if the account has no passkey."""
        return await self._prompts.for_user(Purpose.SECOND_FACTOR, user_id)

    async def prove(self, browser: HalfOpenBrowser, credential: Credential) -> IssuedSignOn:
        """Sign the person on. A refused passkey leaves the half-open sign-in as it is; one whose counter went back
        counts as a wrong code.

        Raises PasskeyRefused, PasskeysUnavailable; SecondFactorWrong; SignInOver; LimitReached.
        """

        async def prove(db: AsyncSession, user: User, by_password: Authentication) -> Authentication | None:
            now = by_password.at
            try:
                await self._ceremonies.accept_assertion(db, credential, Purpose.SECOND_FACTOR, user.id, now)
            except PasskeyCopied as error:
                await self._copied.record(db, user, error, now)
                return None
            return by_password.raised_by_passkey()

        return await self._second_factor.complete(browser, lambda _: self._limits.passkey_attempt(), prove)
