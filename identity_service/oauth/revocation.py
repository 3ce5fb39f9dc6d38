"""Revocation (RFC 7009): revoking a refresh token or an access token ends its whole session."""

from uuid import UUID

from identity_service.clients.service import Clients
from identity_service.ending import EndReason
from identity_service.errors import SessionNotFound
from identity_service.oauth.errors import InvalidGrant, UnsupportedTokenType
from identity_service.oauth.request import OAuthRequest
from identity_service.obedience.models import Act
from identity_service.sessions.service import Sessions
from identity_service.tokens.reading import TokenReader


class Revocation:
    def __init__(self, clients: Clients, reader: TokenReader, sessions: Sessions) -> None:
        self._clients = clients
        self._reader = reader
        self._sessions = sessions

    async def revoke(self, request: OAuthRequest) -> Act | None:
        """End the session of a token; None for an unknown, expired or ended token, which is no error (section 2.2).

        Raises InvalidGrant for another client's token, UnsupportedTokenType for one without a session.
        """
        client, _ = await self._clients.authenticate(request.credentials())
        token = await self._reader.read_any(request.form.get("token"))
        if token is None:
            return None
        claims = token.claims
        if claims["client_id"] != client.id:
            raise InvalidGrant("another client's token")
        if "sid" not in claims:
            raise UnsupportedTokenType("a service's own token has no session and only expires")
        try:
            return await self._sessions.end(UUID(claims["sub"]), UUID(claims["sid"]), EndReason.REVOKED, claims["sub"])
        except SessionNotFound:
            return None
