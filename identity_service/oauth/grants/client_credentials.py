"""grant_type=client_credentials (RFC 6749 section 4.4): a service gets a token on its own behalf."""

from typing import ClassVar

from identity_service.clients.narrowing import TokenRequest, audience_within, scopes_within
from identity_service.devices import Device
from identity_service.oauth.errors import UnauthorizedClient
from identity_service.oauth.request import Form
from identity_service.tokens.minting import TokenAnswer, TokenMinter


class ClientCredentialsGrant:
    grant_type: ClassVar[str] = "client_credentials"

    def __init__(self, tokens: TokenMinter) -> None:
        self._tokens = tokens

    async def issue(self, request: TokenRequest, form: Form, device: Device) -> TokenAnswer:
        """Issue an access token to a confidential client."""
        client = request.client
        if client.is_public:
            raise UnauthorizedClient("a public client has no credentials")
        audience = audience_within(request.resources, client.audiences, client.default_audience)
        target = request.target(scopes_within(request.scope, client.scopes), audience)
        return self._tokens.for_client(client.id, target)
