"""grant_type=password (RFC 6749 section 4.3), for first-party clients: RFC 9700 section 2.4 forbids it to others."""

from typing import ClassVar

from identity_service.authentication.password import PasswordCredentials, SignIn
from identity_service.clients.narrowing import TokenRequest
from identity_service.devices import Device
from identity_service.oauth.request import Form
from identity_service.sessions.values import SignInRequest
from identity_service.tokens.minting import TokenAnswer, TokenMinter


class PasswordGrant:
    grant_type: ClassVar[str] = "password"

    def __init__(self, sign_in: SignIn, tokens: TokenMinter) -> None:
        self._sign_in = sign_in
        self._tokens = tokens

    async def issue(self, request: TokenRequest, form: Form, device: Device) -> TokenAnswer:
        """Start a session for a user whose password is right."""
        credentials = PasswordCredentials(form.get("username"), form.get("password"))
        issued = await self._sign_in.sign_in(credentials, SignInRequest.of(request, device))
        return self._tokens.for_session(issued)
