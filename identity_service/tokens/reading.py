"""Reads tokens that this service has minted: a refresh token to be traded in, any token by its claims, or the ID token
with which a client says whose session it means."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from identity_service.clients.narrowing import TokenRequest
from identity_service.errors import RefreshTokenRefused
from identity_service.sessions.values import PresentedRefreshToken
from identity_service.tokens.kind import TokenKind
from watchword.auth import InvalidToken, KeySource
from watchword.auth.jws import JwsReader, ensure_current, ensure_meant_for, text
from watchword.clock import Clock


@dataclass(frozen=True, slots=True)
class ReadToken:
    """The kind and the claims of a token whose signature and times are valid, and the `kid` of its key."""

    kind: TokenKind
    claims: dict[str, Any]
    key_id: str


class IdTokenHint(NamedTuple):
    """What an ID token says of the session that a client got it for."""

    user_id: UUID
    session_id: UUID
    client_id: str


class TokenReader:
    def __init__(self, issuer: str, keys: KeySource, clock: Clock) -> None:
        self._issuer = issuer
        self._clock = clock
        self._readers = {kind: JwsReader(keys, [kind]) for kind in (TokenKind.REFRESH, TokenKind.ACCESS)}
        self._id_tokens = JwsReader(keys, [TokenKind.ID.lower()])

    async def read_refresh_token(self, refresh_token: str, request: TokenRequest) -> PresentedRefreshToken:
        """A refresh token that the requesting client was issued. Raises RefreshTokenRefused for anything else."""
        try:
            claims, _ = await self._readers[TokenKind.REFRESH].read(refresh_token)
            ensure_meant_for(claims, self._issuer, self._issuer)
            ensure_current(claims, self._clock.now().timestamp())
            client_id = text(claims, "client_id")
            token_id, subject = UUID(text(claims, "jti")), UUID(text(claims, "sub"))
        except (InvalidToken, ValueError) as error:
            raise RefreshTokenRefused(str(error)) from None
        if client_id != request.client.id:
            raise RefreshTokenRefused("another client's refresh token")
        return PresentedRefreshToken(token_id, subject, request)

    async def read_any(self, token: str) -> ReadToken | None:
        """An access token or a refresh token of ours that is current; None for anything else."""
        now = self._clock.now().timestamp()
        for kind, reader in self._readers.items():
            try:
                claims, key = await reader.read(token)
                ensure_current(claims, now)
            except InvalidToken:
                continue
            if claims.get("iss") == self._issuer:
                return ReadToken(kind, claims, key.kid)
        return None

    async def read_id_token_hint(self, hint: str) -> IdTokenHint | None:
        """The session of an ID token of ours, which may have expired (OpenID Connect RP-Initiated Logout section 2);
        None for anything else."""
        try:
            claims, _ = await self._id_tokens.read(hint)
            if claims.get("iss") != self._issuer:
                return None
            user_id, session_id = UUID(text(claims, "sub")), UUID(text(claims, "sid"))
            return IdTokenHint(user_id, session_id, text(claims, "aud"))
        except (InvalidToken, ValueError):
            return None
