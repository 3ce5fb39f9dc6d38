"""Mints what the token endpoint answers: the claims of access tokens (RFC 9068) and of refresh tokens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from identity_service.clients.narrowing import Target
from identity_service.keys.keyring import Keyring
from identity_service.sessions.values import IssuedSession
from identity_service.tokens import size
from identity_service.tokens.kind import TokenKind
from watchword.clock import Clock


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """RFC 6749 section 5.1."""

    access_token: str
    expires_in: int
    scope: str
    refresh_token: str | None

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "scope": self.scope,
        }
        if self.refresh_token is not None:
            body["refresh_token"] = self.refresh_token
        return body


class TokenMinter:
    """Mints with the key that signs now. Nothing secret goes into a token: its bearer can read it."""

    def __init__(self, issuer: str, keyring: Keyring, access_lifetime: timedelta, clock: Clock) -> None:
        self._issuer = issuer
        self._keyring = keyring
        self._access_lifetime = access_lifetime
        self._clock = clock

    def ensure_mintable(self, issued: IssuedSession) -> None:
        """Raise NoSigningKey or TokenTooLarge if `for_session` would. It signs nothing, so it is quick."""
        self._keyring.signer()
        size.ensure_acceptable(self._session_claims(issued))

    def for_session(self, issued: IssuedSession) -> TokenAnswer:
        """The access token and the refresh token of a person's session."""
        return self._sign(self._session_claims(issued), self._refresh_claims(issued))

    def for_client(self, client_id: str, target: Target) -> TokenAnswer:
        """The access token of a service on its own behalf; it gets no refresh token (RFC 6749 section 4.4.3).

        Raises NoSigningKey, TokenTooLarge.
        """
        claims = self._client_claims(client_id, target)
        size.ensure_acceptable(claims)
        return self._sign(claims, None)

    def size_for(self, client_id: str, target: Target) -> int:
        """How many bytes a client's own token has; a person's has more, for the name, the roles and permissions."""
        return size.token_bytes(self._client_claims(client_id, target))

    def _client_claims(self, client_id: str, target: Target) -> dict[str, Any]:
        now = self._clock.now()
        return self._access_claims(client_id, client_id, target, now, now + self._access_lifetime)

    def _session_claims(self, issued: IssuedSession) -> dict[str, Any]:
        session, user = issued.session, issued.user
        claims = self._access_claims(
            str(user.id),
            session.client_id,
            issued.target,
            issued.issued_at,
            min(issued.issued_at + self._access_lifetime, session.expires_at),
        )
        return claims | {
            "sid": str(session.id),
            "roles": issued.roles.roles,
            "permissions": issued.roles.permissions,
            "preferred_username": user.username,
            "ver": user.version,
            "rver": issued.roles.version,
        }

    def _access_claims(
        self, subject: str, client_id: str, target: Target, issued_at: datetime, expires_at: datetime
    ) -> dict[str, Any]:
        return {
            "iss": self._issuer,
            "aud": target.audience,
            "sub": subject,
            "client_id": client_id,
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": str(uuid4()),
            "scope": " ".join(target.scopes),
        }

    def _refresh_claims(self, issued: IssuedSession) -> dict[str, Any]:
        """The claims come from the rows alone, so that a retry gets the same ones again."""
        session, token = issued.session, issued.refresh_token
        return {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": str(issued.user.id),
            "client_id": session.client_id,
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
            "jti": str(token.id),
            "sid": str(session.id),
        }

    def _sign(self, access: dict[str, Any], refresh: dict[str, Any] | None) -> TokenAnswer:
        signer = self._keyring.signer()
        return TokenAnswer(
            access_token=signer.sign(access, TokenKind.ACCESS),
            expires_in=access["exp"] - access["iat"],
            scope=access["scope"],
            refresh_token=signer.sign(refresh, TokenKind.REFRESH) if refresh is not None else None,
        )
