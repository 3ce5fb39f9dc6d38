"""Signing a browser in from one of our own pages, and refreshing its access token."""

from dataclasses import dataclass
from datetime import datetime

from identity_service.authentication.password import PasswordCredentials, SignIn
from identity_service.clients.narrowing import TokenRequest
from identity_service.clients.service import Clients
from identity_service.devices import Device
from identity_service.errors import RefreshTokenRefused
from identity_service.sessions.rotation import Rotation
from identity_service.sessions.values import IssuedSession, PresentedRefreshToken, SignInRequest
from identity_service.tokens.minting import TokenAnswer, TokenMinter
from identity_service.tokens.reading import TokenReader


@dataclass(frozen=True, slots=True)
class BrowserTokens:
    """The tokens of a browser's session, and the time until which its cookie is kept."""

    tokens: TokenAnswer
    cookie_expires_at: datetime


class BrowserSignIn:
    """Signs browsers in as the first-party client, with everything that this client may ask for."""

    def __init__(
        self,
        clients: Clients,
        sign_in: SignIn,
        rotation: Rotation,
        reader: TokenReader,
        tokens: TokenMinter,
    ) -> None:
        self._clients = clients
        self._sign_in = sign_in
        self._rotation = rotation
        self._reader = reader
        self._tokens = tokens

    async def sign_in(
        self, credentials: PasswordCredentials, device: Device, *, refresh_token: str, resource: str | None = None
    ) -> BrowserTokens:
        """Start a session with a password, and end the one that the browser has: that of its cookie's refresh token,
        which may be empty or invalid. The access token is for the audience `resource`; default: the client's.

        Raises InvalidCredentials, AudienceNotAllowed, ScopeNotAllowed.
        """
        requested = await self._request(resource)
        request = SignInRequest.of(requested, device, await self._read_previous(refresh_token, requested))
        return self._mint(await self._sign_in.sign_in(credentials, request))

    async def refresh(self, refresh_token: str, resource: str | None = None) -> BrowserTokens:
        """Trade the cookie's refresh token in. Without `resource` the access token is for the audience that the session
        began with.

        Raises RefreshTokenRefused, AudienceNotAllowed, ScopeNotAllowed.
        """
        presented = await self._reader.read_refresh_token(refresh_token, await self._request(resource))
        return self._mint(await self._rotation.rotate(presented))

    async def _request(self, resource: str | None) -> TokenRequest:
        client, scopes_by_audience = await self._clients.first_party()
        resources = () if resource is None else (resource,)
        return TokenRequest(client, scopes_by_audience, resources=resources)

    async def _read_previous(self, refresh_token: str, request: TokenRequest) -> PresentedRefreshToken | None:
        try:
            return await self._reader.read_refresh_token(refresh_token, request)
        except RefreshTokenRefused:
            return None

    def _mint(self, issued: IssuedSession) -> BrowserTokens:
        cookie_expires_at = (issued.refresh_token or issued.session).expires_at
        return BrowserTokens(self._tokens.for_session(issued), cookie_expires_at)
