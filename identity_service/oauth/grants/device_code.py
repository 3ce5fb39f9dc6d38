"""grant_type=urn:ietf:params:oauth:grant-type:device_code (RFC 8628 section 3.4)."""

from typing import ClassVar

from identity_service.authentication.device_sign_in import DeviceSignIn
from identity_service.clients.grant_types import GrantType
from identity_service.clients.narrowing import TokenRequest
from identity_service.devices import Device
from identity_service.oauth.request import Form
from identity_service.tokens.minting import TokenAnswer, TokenMinter


class DeviceCodeGrant:
    grant_type: ClassVar[str] = GrantType.DEVICE_CODE

    def __init__(self, sign_in: DeviceSignIn, tokens: TokenMinter) -> None:
        self._sign_in = sign_in
        self._tokens = tokens

    async def issue(self, request: TokenRequest, form: Form, device: Device) -> TokenAnswer:
        """Start the session of a device that a person has allowed."""
        return self._tokens.for_session(await self._sign_in.sign_in(form.get("device_code"), request, device))
