"""The token endpoint (RFC 6749 section 3.2)."""

from collections.abc import Iterable

from identity_service.clients.grant_types import GrantType
from identity_service.clients.narrowing import TokenRequest
from identity_service.clients.service import Clients
from identity_service.oauth.errors import UnsupportedGrantType
from identity_service.oauth.grants import Grant
from identity_service.oauth.request import OAuthRequest
from identity_service.settings import Settings
from identity_service.tokens.minting import TokenAnswer


class TokenEndpoint:
    """Answers token requests with the grants that this installation offers."""

    def __init__(self, clients: Clients, grants: Iterable[Grant]) -> None:
        self._clients = clients
        self._grants = {grant.grant_type: grant for grant in grants}

    @property
    def grant_types(self) -> list[str]:
        return list(self._grants)

    async def issue(self, request: OAuthRequest) -> TokenAnswer:
        """Issue tokens. Raises OAuthError, and errors of ours that `oauth/errors.py` translates."""
        # 1. Is the grant type offered?
        grant_type = request.form.get("grant_type")
        grant = self._grants.get(grant_type)
        if grant is None:
            raise UnsupportedGrantType(_reason(grant_type))
        # 2. Authenticate the client, and read which scopes the services of its audiences have.
        client, scopes_by_audience = await self._clients.authenticate(request.credentials())
        # 3. May this client use the grant type?
        client.ensure_may_use(grant_type)
        # 4. Which audience and which scopes does it ask for?
        scope, resources = request.form.find("scope"), request.form.all("resource")
        token_request = TokenRequest(client, scopes_by_audience, scope, resources)
        # 5. The grant narrows them, checks what authorizes the request, and mints.
        return await grant.issue(token_request, request.form, request.device)


def _reason(grant_type: str) -> str:
    """The grant type that is not offered, and the setting that offers it if there is one, for the log."""
    if grant_type == GrantType.PASSWORD:
        return f"{grant_type}, which {Settings.variable('password_grant')}=true offers"
    return grant_type[:64]
