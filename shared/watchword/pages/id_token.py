"""Verifies ID tokens (OpenID Connect Core section 3.1.3.7): somebody has signed in, here and for this sign-in."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

from watchword.auth.errors import Flaw, InvalidToken
from watchword.auth.jws import LEEWAY_SECONDS, JwsReader, ensure_current, number, text
from watchword.auth.public_key import KeySource
from watchword.clock import Clock
from watchword.pages.errors import SignInTooOld
from watchword.pages.settings import PagesSettings
from watchword.pages.values import PendingSignIn, Tokens

# Access tokens, refresh tokens and logout tokens of the same issuer have other types.
ID_TOKEN_TYPES: Final = ("jwt",)


class IdTokens:
    """Reads the ID tokens that one issuer signs for one client."""

    def __init__(self, settings: PagesSettings, clock: Clock) -> None:
        self._issuer = settings.issuer
        self._client_id = settings.client_id
        self._clock = clock

    async def ensure_valid(self, tokens: Tokens, keys: KeySource, pending: PendingSignIn) -> None:
        """Raise InvalidToken, with the reason for the log, unless the ID token is valid and was issued for this
        sign-in, together with the access token; SignInTooOld if the person was authenticated before they had to be;
        KeysUnavailable if the keys could not be fetched."""
        claims, _ = await JwsReader(keys, ID_TOKEN_TYPES).read(tokens.id_token)
        self._ensure_for_this_client(claims)
        now = self._clock.now().timestamp()
        ensure_current(claims, now)
        text(claims, "sub")
        if not compare_digest(text(claims, "nonce").encode(), pending.nonce.encode()):
            raise InvalidToken("the nonce of another sign-in", Flaw.CLAIMS)
        if text(claims, "at_hash") != at_hash(tokens.access_token):
            raise InvalidToken("the at_hash of another access token", Flaw.CLAIMS)
        if (earliest := pending.earliest_authentication) is not None:
            _ensure_authenticated_between(earliest, now, number(claims, "auth_time"))

    def _ensure_for_this_client(self, claims: dict[str, Any]) -> None:
        if claims.get("iss") != self._issuer:
            raise InvalidToken("another issuer", Flaw.ISSUER)
        # This service trusts no further audience.
        if claims.get("aud") not in (self._client_id, [self._client_id]):
            raise InvalidToken("another audience", Flaw.AUDIENCE)
        if claims.get("azp", self._client_id) != self._client_id:
            raise InvalidToken("another authorized party", Flaw.AUDIENCE)


def _ensure_authenticated_between(earliest: float, now: float, authenticated_at: float) -> None:
    """Check the `max_age` that was requested (OpenID Connect Core section 3.1.3.7, rule 13): not every issuer obeys it,
    and a person can take it out of the URL on the way to the issuer."""
    if authenticated_at > now + LEEWAY_SECONDS:
        raise InvalidToken("authenticated in the future", Flaw.NOT_YET)
    if authenticated_at < earliest - LEEWAY_SECONDS:
        raise SignInTooOld(f"authenticated {earliest - authenticated_at:.0f} s before max_age allows")


def at_hash(access_token: str) -> str:
    """What an ID token says of the access token beside it: the left half of its SHA-256, in base64url."""
    return urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).decode().rstrip("=")
