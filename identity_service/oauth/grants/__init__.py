"""The grants of RFC 6749: ways to obtain a token, one class each."""

from typing import ClassVar, Protocol

from identity_service.clients.narrowing import TokenRequest
from identity_service.devices import Device
from identity_service.oauth.request import Form
from identity_service.tokens.minting import TokenAnswer


class Grant(Protocol):
    grant_type: ClassVar[str]

    async def issue(self, request: TokenRequest, form: Form, device: Device) -> TokenAnswer:
        """Issue tokens to the client of the request, which is authenticated and may use this grant type."""
