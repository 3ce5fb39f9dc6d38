"""Mints what the token endpoint answers: the claims of access tokens (RFC 9068) and of refresh tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from identity_service.clients.models import Client
from identity_service.keys.keyring import Keyring
from identity_service.oauth.errors import InvalidGrant
from identity_service.sessions.models import RefreshToken
from identity_service.sessions.service import Grant, PresentedRefreshToken
from watchword.auth import InvalidToken
from watchword.auth.jws import JwsReader, ensure_current, ensure_meant_for, text

ACCESS: Final = "at+jwt"
REFRESH: Final = "rt+jwt"


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
    """Signs with the key whose turn it is. Nothing secret goes into a token: its bearer can read it."""

    def __init__(self, issuer: str, keyring: Keyring, access_lifetime: timedelta) -> None:
        self.issuer = issuer
        self._keyring = keyring
        self._access_lifetime = access_lifetime
        self._refresh_reader = JwsReader(keyring, [REFRESH])
        self._access_reader = JwsReader(keyring, [ACCESS])

    def for_session(self, grant: Grant, now: datetime) -> TokenAnswer:
        """Both tokens of a person's session."""
        session, user = grant.session, grant.user
        # Never older than what it says: a change of roles refuses whatever was issued before.
        now = max(now, datetime.fromtimestamp(user.tokens_valid_from, UTC))
        expires_at = min(now + self._access_lifetime, session.expires_at)
        claims = self._access_claims(str(user.id), session.client_id, grant.scopes, grant.audiences, now, expires_at)
        claims |= {
            "sid": str(session.id),
            "roles": grant.granted.roles,
            "permissions": grant.granted.permissions,
            "preferred_username": user.username,
        }
        refresh = self._refresh_claims(grant.refresh_token, str(user.id), session.client_id)
        return self._answer(claims, refresh)

    def for_client(self, client_id: str, scopes: Sequence[str], audiences: Sequence[str], now: datetime) -> TokenAnswer:
        """The access token of a service that speaks for itself; it gets no refresh token (section 4.4.3)."""
        claims = self._access_claims(client_id, client_id, scopes, audiences, now, now + self._access_lifetime)
        return self._answer(claims, None)

    async def presented(
        self,
        refresh_token: str,
        client: Client,
        now: datetime,
        *,
        scope: str | None = None,
        resources: Sequence[str] = (),
    ) -> PresentedRefreshToken:
        """What a refresh token says that we gave this client. Raises InvalidGrant for anything else."""
        try:
            claims, _ = await self._refresh_reader.read(refresh_token)
            ensure_meant_for(claims, self.issuer, self.issuer)
            ensure_current(claims, now.timestamp())
            if text(claims, "client_id") != client.id:
                raise InvalidGrant("another client's refresh token")
            return PresentedRefreshToken(
                token_id=UUID(text(claims, "jti")),
                subject=UUID(text(claims, "sub")),
                client=client,
                scope=scope,
                resources=resources,
            )
        except (InvalidToken, ValueError) as error:
            raise InvalidGrant(str(error)) from None

    async def read_any(self, token: str, now: datetime) -> dict[str, Any] | None:
        """The claims of an access token or a refresh token of ours that is in date; None for anything else."""
        for reader in (self._refresh_reader, self._access_reader):
            try:
                claims, _ = await reader.read(token)
                ensure_current(claims, now.timestamp())
            except InvalidToken:
                continue
            if claims.get("iss") == self.issuer:
                return claims
        return None

    def _access_claims(
        self,
        subject: str,
        client_id: str,
        scopes: Sequence[str],
        audiences: Sequence[str],
        now: datetime,
        expires_at: datetime,
    ) -> dict[str, Any]:
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": list(audiences),
            "sub": subject,
            "client_id": client_id,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": str(uuid4()),
        }
        # A scope has one word at least (RFC 6749 section 3.3): without any, there is no such claim.
        return {**claims, "scope": " ".join(scopes)} if scopes else claims

    def _refresh_claims(self, token: RefreshToken, subject: str, client_id: str) -> dict[str, Any]:
        # From the row alone: a retry gets the same claims again.
        return {
            "iss": self.issuer,
            "aud": self.issuer,
            "sub": subject,
            "client_id": client_id,
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
            "jti": str(token.id),
            "sid": str(token.session_id),
        }

    def _answer(self, access: dict[str, Any], refresh: dict[str, Any] | None) -> TokenAnswer:
        signer = self._keyring.signer()
        return TokenAnswer(
            access_token=signer.sign(access, ACCESS),
            expires_in=access["exp"] - access["iat"],
            scope=access.get("scope"),
            refresh_token=signer.sign(refresh, REFRESH) if refresh is not None else None,
        )
