"""Mints what the token endpoint answers: the claims of access tokens (RFC 9068), of refresh tokens and of ID tokens
(OpenID Connect Core section 2)."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from identity_service.clients.narrowing import Target
from identity_service.clients.scopes import OPENID
from identity_service.keys.keyring import Keyring
from identity_service.sessions.values import IssuedSession
from identity_service.tokens import size
from identity_service.tokens.kind import TokenKind
from watchword.clock import Clock


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """RFC 6749 section 5.1, and the ID token of OpenID Connect Core section 3.1.3.3."""

    access_token: str
    expires_in: int
    scope: str
    refresh_token: str | None
    id_token: str | None = None

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "scope": self.scope,
        }
        if self.refresh_token is not None:
            body["refresh_token"] = self.refresh_token
        if self.id_token is not None:
            body["id_token"] = self.id_token
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
        """The access token of a person's session; its refresh token if it has one; an ID token if the client has the
        scope `openid`."""
        answer = self._sign(self._session_claims(issued), self._refresh_claims(issued))
        if OPENID not in issued.granted_scopes:
            return answer
        id_token = self._keyring.signer().sign(self._id_claims(issued, answer.access_token), TokenKind.ID)
        return replace(answer, id_token=id_token)

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
            str(user.id), session.client_id, issued.target, issued.issued_at, self._expires_at(issued)
        )
        return claims | {
            "sid": str(session.id),
            **_authentication_claims(issued),
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

    def _expires_at(self, issued: IssuedSession) -> datetime:
        """When the access token and the ID token of a session expire."""
        return min(issued.issued_at + self._access_lifetime, issued.session.expires_at)

    def _id_claims(self, issued: IssuedSession, access_token: str) -> dict[str, Any]:
        session = issued.session
        claims = {
            "iss": self._issuer,
            "aud": session.client_id,
            "sub": str(issued.user.id),
            "iat": int(issued.issued_at.timestamp()),
            "exp": int(self._expires_at(issued).timestamp()),
            "sid": str(session.id),
            **_authentication_claims(issued),
            "at_hash": at_hash(access_token),
        }
        return claims if issued.nonce is None else claims | {"nonce": issued.nonce}

    def _refresh_claims(self, issued: IssuedSession) -> dict[str, Any] | None:
        """The claims come from the rows alone, so that a retry gets the same ones again."""
        session, token = issued.session, issued.refresh_token
        if token is None:
            return None
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


def at_hash(access_token: str) -> str:
    """The left half of the hash of an access token (OpenID Connect Core section 3.1.3.6)."""
    digest = sha256(access_token.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _authentication_claims(issued: IssuedSession) -> dict[str, Any]:
    """When and how the person was authenticated (OpenID Connect Core section 2, RFC 9068 section 2.2.1)."""
    at, acr, amr = issued.authentication
    return {"auth_time": int(at.timestamp()), "acr": acr, "amr": list(amr)}
