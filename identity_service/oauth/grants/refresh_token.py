"""grant_type=refresh_token (RFC 6749 section 6), with rotation (RFC 9700 section 4.14.2)."""

from typing import ClassVar

from identity_service.clients.narrowing import TokenRequest
from identity_service.devices import Device
from identity_service.oauth.request import Form
from identity_service.sessions.rotation import Rotation
from identity_service.tokens.minting import TokenAnswer, TokenMinter
from identity_service.tokens.reading import TokenReader


class RefreshTokenGrant:
    grant_type: ClassVar[str] = "refresh_token"

    def __init__(self, reader: TokenReader, rotation: Rotation, tokens: TokenMinter) -> None:
        self._reader = reader
        self._rotation = rotation
        self._tokens = tokens

    async def issue(self, request: TokenRequest, form: Form, device: Device) -> TokenAnswer:
        """Trade a refresh token in, for any audience and for any of the scopes that the grant covers."""
        presented = await self._reader.read_refresh_token(form.get("refresh_token"), request)
        return self._tokens.for_session(await self._rotation.rotate(presented))
