"""Signing on in a browser with a passkey, in the place of a password."""

from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from identity_service.authentication.copied_passkeys import CopiedPasskeys
from identity_service.authentication.known_devices import KnownDevice
from identity_service.authentication.outcomes import counted
from identity_service.authentication.refusals import REASONS, refusal_of
from identity_service.authentication.sign_on_start import SignOnStart
from identity_service.authentications import by_passkey
from identity_service.devices import Device
from identity_service.errors import InvalidCredentials
from identity_service.factors import passkeys
from identity_service.factors.ceremonies import Ceremonies
from identity_service.factors.challenges import Purpose
from identity_service.factors.passkey_errors import PasskeyCopied, PasskeyRefused
from identity_service.factors.unverified_answers import Credential, credential_id_of
from identity_service.limits import Limits
from identity_service.refused_sign_ins.models import Reason
from identity_service.refused_sign_ins.service import RefusedSignIns
from identity_service.sessions.new_device_letters import NewDeviceLetters
from identity_service.sign_ons.values import IssuedSignOn, LiveSignOn
from identity_service.users import repository as users
from identity_service.users.models import SignInUser
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.limits import LimitReached
from watchword.tally import Tally

_OUTCOMES: Final[dict[type[BaseException], str]] = {PasskeyRefused: "refused", LimitReached: "limited"}


@dataclass(frozen=True, slots=True, repr=False)
class PasskeyCredentials:
    """What an authenticator has answered, and the browser that it comes from if it is known."""

    credential: Credential
    device: KnownDevice | None = None

    def is_from_device_of(self, user_id: UUID) -> bool:
        """Whether this user has signed in on the device before."""
        return self.device is not None and self.device.has_account(user_id)


class PasskeySignOn:
    """Signs people on by a passkey alone, each time with another secret, and counts the outcomes. Both methods raise
    PasskeyRefused, also for an account that cannot be used; PasskeysUnavailable; LimitReached.

    `secret` is what the browser has in its cookie, which may be empty or invalid.
    """

    def __init__(
        self,
        database: Database,
        ceremonies: Ceremonies,
        sign_on_start: SignOnStart,
        copied: CopiedPasskeys,
        clock: Clock,
        *,
        limits: Limits,
        letters: NewDeviceLetters,
        refused_sign_ins: RefusedSignIns,
    ) -> None:
        self._database = database
        self._ceremonies = ceremonies
        self._start = sign_on_start
        self._copied = copied
        self._clock = clock
        self._limits = limits
        self._letters = letters
        self._refused_sign_ins = refused_sign_ins
        self.outcomes = Tally("ok", *_OUTCOMES.values(), "failed")

    async def start(self, credentials: PasskeyCredentials, device: Device, secret: str) -> IssuedSignOn:
        """Sign a person on. A sign-on of somebody else in this browser ends."""
        with counted(self.outcomes, _OUTCOMES):
            return await self._sign_on(credentials, device, secret, None)

    async def renew(
        self, sign_on: LiveSignOn, credentials: PasskeyCredentials, device: Device, secret: str
    ) -> IssuedSignOn:
        """Authenticate the owner of a live sign-on again; the passkey of somebody else is refused."""
        with counted(self.outcomes, _OUTCOMES):
            return await self._sign_on(credentials, device, secret, sign_on.user_id)

    async def _sign_on(
        self, credentials: PasskeyCredentials, device: Device, secret: str, expected: UUID | None
    ) -> IssuedSignOn:
        try:
            async with self._limits.passkey_attempt():
                username, user = await self._find(credentials.credential)
                record = partial(self._refused_sign_ins.record, username, user.id)
                try:
                    if expected not in (None, user.id):
                        raise PasskeyRefused("the passkey of somebody else")
                    return await self._start_for(user, credentials, device, secret)
                except PasskeyRefused:
                    await record(Reason.PASSKEY)
                    raise
                except InvalidCredentials as error:
                    await record(REASONS[type(error)])
                    raise PasskeyRefused(error.reason) from error
        except LimitReached:
            self._refused_sign_ins.count(None)
            raise

    async def _start_for(
        self, user: SignInUser, credentials: PasskeyCredentials, device: Device, secret: str
    ) -> IssuedSignOn:
        """Start a sign-on if the passkey of this user was used. Raises PasskeyRefused, and InvalidCredentials if the
        account cannot be used."""
        is_new = not credentials.is_from_device_of(user.id) and await self._letters.is_new_browser(user)
        async with self._database.begin() as db:
            locked = await users.find_for_update(db, user.id)
            now = self._clock.now()
            if locked is None:
                raise PasskeyRefused("the account was deleted")
            if (refusal := refusal_of(locked, now)) is not None:
                raise refusal
            try:
                await self._ceremonies.accept_assertion(db, credentials.credential, Purpose.SIGN_IN, user.id, now)
            except PasskeyCopied as error:
                copied = error
                await self._copied.record(db, locked, error, now)
            else:
                is_letter_due = is_new and await self._letters.may_send(user.id)
                return await self._start.start_in(
                    db, locked, by_passkey(now), device, secret, is_letter_due=is_letter_due
                )
        raise copied

    async def _find(self, credential: Credential) -> tuple[str, SignInUser]:
        """The username and the user whose passkey an answer says it is from."""
        row = await self._database.reads.fetch_row(passkeys.OWNER, credential_id=credential_id_of(credential))
        if row is None:
            raise PasskeyRefused("nobody has this credential")
        username, *columns = row
        return username, SignInUser(*columns)
