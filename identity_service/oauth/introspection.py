"""Introspection (RFC 7662), for services that ask about a token instead of verifying it."""

from typing import Any, Final
from uuid import UUID

from identity_service.clients.models import Client
from identity_service.clients.scopes import INTROSPECT
from identity_service.clients.service import Clients
from identity_service.errors import SessionEnded
from identity_service.oauth.errors import InvalidClient
from identity_service.oauth.request import OAuthRequest
from identity_service.services.service import Services
from identity_service.sessions.liveness import LiveSessions
from identity_service.tokens.kind import TokenKind
from identity_service.tokens.reading import ReadToken, TokenReader
from watchword.auth.verifier import principal_of

INACTIVE: Final = {"active": False}
# In the order of IntrospectionRead, in which the members are written.
SHOWN_CLAIMS: Final = (
    "scope",
    "client_id",
    "preferred_username",
    "exp",
    "iat",
    "sub",
    "aud",
    "iss",
    "jti",
    "sid",
    "auth_time",
    "acr",
    "amr",
    "roles",
    "permissions",
    "ver",
    "rver",
)
_OTHER_NAMES: Final = {"preferred_username": "username"}
"""By the name of a claim, the name of the member that shows it, if that is another one."""


class Introspection:
    def __init__(self, clients: Clients, services: Services, reader: TokenReader, sessions: LiveSessions) -> None:
        self._clients = clients
        self._services = services
        self._reader = reader
        self._sessions = sessions

    async def introspect(self, request: OAuthRequest) -> dict[str, Any]:
        """What a token says if it is valid now and may be shown to the client; otherwise only that it is not active
        (sections 2.2 and 4).

        Raises InvalidClient for a client that may not introspect.
        """
        client, _ = await self._clients.authenticate(request.credentials())
        if client.is_public or INTROSPECT not in client.scopes:
            raise InvalidClient("may not introspect")
        token = await self._reader.read_any(request.form.get("token"))
        if token is None or not await self._may_be_shown(token, client) or not await self._is_live(token):
            return INACTIVE
        return describe(token) | await self._lowered(token)

    async def _lowered(self, token: ReadToken) -> dict[str, Any]:
        """How the person counts as authenticated now, if that is less than the token says: a service that asks hears of
        a factor that was removed by this answer, as others do by an event."""
        claims = token.claims
        if token.kind is TokenKind.REFRESH or "sid" not in claims or "acr" not in claims:
            return {}
        return await self._sessions.lowered_claims(UUID(claims["sub"]), UUID(claims["sid"]), claims["acr"])

    async def _may_be_shown(self, token: ReadToken, client: Client) -> bool:
        """A refresh token to the client that it was issued to, an access token to the client of the service that it is
        meant for."""
        if token.kind is TokenKind.REFRESH:
            return bool(token.claims["client_id"] == client.id)
        audience = token.claims["aud"]
        # In a token of an earlier release, the audience is a list.
        audiences = audience if isinstance(audience, list) else [audience]
        return not (await self._services.audiences_of(client.id)).isdisjoint(audiences)

    async def _is_live(self, token: ReadToken) -> bool:
        claims = token.claims
        if "sid" not in claims:
            return True
        if token.kind is TokenKind.REFRESH:
            user_id, session_id = UUID(claims["sub"]), UUID(claims["sid"])
            return await self._sessions.is_usable(UUID(claims["jti"]), user_id, session_id)
        try:
            await self._sessions.ensure_live(principal_of(claims, token.key_id))
        except SessionEnded:
            return False
        return True


def describe(token: ReadToken) -> dict[str, Any]:
    """What IntrospectionRead says of a token that is valid, in the order of its members."""
    claims = token.claims
    answer: dict[str, Any] = {"active": True}
    if token.kind is TokenKind.ACCESS:
        answer["token_type"] = "Bearer"  # noqa: S105 - RFC 6749 section 7.1, no secret
    return answer | {_OTHER_NAMES.get(name, name): claims[name] for name in SHOWN_CLAIMS if name in claims}
