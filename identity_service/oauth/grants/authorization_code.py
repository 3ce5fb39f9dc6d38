"""grant_type=authorization_code (RFC 6749 section 4.1.3), always with PKCE (RFC 7636)."""

from typing import ClassVar

from identity_service.authorization_codes.service import AuthorizationCodes
from identity_service.authorization_codes.values import PresentedCode
from identity_service.clients.narrowing import TokenRequest
from identity_service.devices import Device
from identity_service.oauth.request import Form
from identity_service.tokens.minting import TokenAnswer, TokenMinter


class AuthorizationCodeGrant:
    grant_type: ClassVar[str] = "authorization_code"

    def __init__(self, codes: AuthorizationCodes, tokens: TokenMinter) -> None:
        self._codes = codes
        self._tokens = tokens

    async def issue(self, request: TokenRequest, form: Form, device: Device) -> TokenAnswer:
        """Trade a code in for a session, within the sign-on of the person who has allowed it."""
        # What is absent is wrong (RFC 9700 section 4.8.2), as is what differs.
        redirect_uri, verifier = form.find("redirect_uri") or "", form.find("code_verifier") or ""
        presented = PresentedCode(form.get("code"), redirect_uri, verifier, request)
        return self._tokens.for_session(await self._codes.exchange(presented))
