"""Mints what the token endpoint answers: the claims of access tokens (RFC 9068) and of refresh tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from identity_service.keys.keyring import Keyring
from identity_service.sessions.models import RefreshToken
from identity_service.sessions.values import IssuedSession
from identity_service.tokens.kind import TokenKind
from watchword.clock import Clock


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """RFC 6749 section 5.1."""

    access_token: str
    expires_in: int
    scope: str | None
    refresh_token: str | None

    def as_json(self) -> dict[str, Any]:
        body = {
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "scope": self.scope,
            "refresh_token": self.refresh_token,
        }
        return {name: value for name, value in body.items() if value is not None}


class TokenMinter:
    """Mints with the key that signs now. Nothing secret goes into a token: its bearer can read it."""

    def __init__(self, issuer: str, keyring: Keyring, access_lifetime: timedelta, clock: Clock) -> None:
        self._issuer = issuer
        self._keyring = keyring
        self._access_lifetime = access_lifetime
        self._clock = clock

    def for_session(self, issued: IssuedSession) -> TokenAnswer:
        """The access token and the refresh token of a person's session."""
        session, user = issued.session, issued.user
        claims = self._access_claims(
            str(user.id),
            session.client_id,
            issued.issued_at,
            min(issued.issued_at + self._access_lifetime, session.expires_at),
            scopes=issued.scopes,
            audiences=issued.audiences,
        )
        claims |= {
            "sid": str(session.id),
            "roles": issued.roles.roles,
            "permissions": issued.roles.permissions,
            "preferred_username": user.username,
            "ver": user.version,
            "rver": issued.roles.version,
        }
        refresh = self._refresh_claims(issued.refresh_token, str(user.id), session.client_id)
        return self._sign(claims, refresh)

    def for_client(self, client_id: str, scopes: Sequence[str], audiences: Sequence[str]) -> TokenAnswer:
        """The access token of a service on its own behalf; it gets no refresh token (RFC 6749 section 4.4.3)."""
        now = self._clock.now()
        expires_at = now + self._access_lifetime
        claims = self._access_claims(client_id, client_id, now, expires_at, scopes=scopes, audiences=audiences)
        return self._sign(claims, None)

    def _access_claims(
        self,
        subject: str,
        client_id: str,
        issued_at: datetime,
        expires_at: datetime,
        *,
        scopes: Sequence[str],
        audiences: Sequence[str],
    ) -> dict[str, Any]:
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": list(audiences),
            "sub": subject,
            "client_id": client_id,
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": str(uuid4()),
        }
        # A scope is one word at least (RFC 6749 section 3.3), so the claim is left out if there is none.
        return {**claims, "scope": " ".join(scopes)} if scopes else claims

    def _refresh_claims(self, token: RefreshToken, subject: str, client_id: str) -> dict[str, Any]:
        """The claims come from the row alone, so that a retry gets the same ones again."""
        return {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": subject,
            "client_id": client_id,
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
            "jti": str(token.id),
            "sid": str(token.session_id),
        }

    def _sign(self, access: dict[str, Any], refresh: dict[str, Any] | None) -> TokenAnswer:
        signer = self._keyring.signer()
        return TokenAnswer(
            access_token=signer.sign(access, TokenKind.ACCESS),
            expires_in=access["exp"] - access["iat"],
            scope=access.get("scope"),
            refresh_token=signer.sign(refresh, TokenKind.REFRESH) if refresh is not None else None,
        )
