"""Signing on in a browser with a password."""

from identity_service.authentication.half_open import HalfOpenSignIns
from identity_service.authentication.password import AuthenticatedUser, PasswordAuthentication, PasswordCredentials
from identity_service.authentication.sign_on_start import SignOnStart
from identity_service.devices import Device
from identity_service.errors import InvalidCredentials
from identity_service.half_open_sign_ins.values import IssuedHalfOpenSignIn
from identity_service.sign_ons.values import IssuedSignOn, LiveSignOn

AfterPassword = IssuedSignOn | IssuedHalfOpenSignIn
"""What a right password gives: a sign-on or, if the account has a second factor, a sign-in that still lacks it."""


class PasswordSignOn:
    """Signs people on in their browsers, each time with another secret. Both methods raise as
    `PasswordAuthentication.authenticate` does.

    `secret` is what the browser has in its cookie, which may be empty or invalid. A sign-on of somebody else ends.
    """

    def __init__(
        self, authentication: PasswordAuthentication, sign_on_start: SignOnStart, half_open: HalfOpenSignIns
    ) -> None:
        self._authentication = authentication
        self._start = sign_on_start
        self._half_open = half_open

    async def start(self, credentials: PasswordCredentials, device: Device, secret: str) -> AfterPassword:
        """Sign a person on."""

        async def start(authenticated: AuthenticatedUser) -> AfterPassword:
            return await self._start_for(authenticated, credentials, device, secret)

        return await self._authentication.authenticate(credentials, start)

    async def renew(
        self, sign_on: LiveSignOn, credentials: PasswordCredentials, device: Device, secret: str
    ) -> AfterPassword:
        """Authenticate the owner of a live sign-on again. The credentials have the username that it shows."""

        async def start(authenticated: AuthenticatedUser) -> AfterPassword:
            if authenticated.user.id != sign_on.user_id:
                raise InvalidCredentials("the username went to somebody else")
            return await self._start_for(authenticated, credentials, device, secret)

        return await self._authentication.authenticate(credentials, start)

    async def _start_for(
        self, authenticated: AuthenticatedUser, credentials: PasswordCredentials, device: Device, secret: str
    ) -> AfterPassword:
        user, new_hash = authenticated
        if user.has_second_factor:
            return await self._half_open.open(user, new_hash)
        is_known = credentials.is_from_device_of(user.id)
        return await self._start.start(user, new_hash, device, secret, is_known=is_known)
