"""Accepts the access tokens that one issuer signed for one audience, and no others."""

from typing import Any, Final, Protocol

from watchword.auth.errors import Flaw, InvalidToken, KeysUnavailable
from watchword.auth.jwks import KeySource, PublicKey, RemoteKeys
from watchword.auth.jws import LEEWAY_SECONDS, JwsReader, ensure_current, ensure_meant_for, number, text, texts
from watchword.auth.principal import Principal
from watchword.auth.revocations import Revocations
from watchword.clock import Clock, SystemClock
from watchword.http_client.address import reached_at


class RevocationSource(Protocol):
    """Who says what is refused although it was signed: the receiver of the issuer's security events."""

    revocations: Revocations

    def ensure_in_contact(self, is_write: bool) -> None:
        """Raise Unavailable if this request must wait until the issuer answers again."""

    async def start(self) -> None:
        """Returns when everything that was revoked before is known."""

    async def stop(self) -> None:
        """End what `start` began."""


ACCESS_TOKEN_TYPES: Final = ("at+jwt", "application/at+jwt")
OUTCOMES: Final = ("accepted", "remembered", "keys_unavailable", *Flaw)


class Verifier:
    """Verify all or nothing: signature, `alg`, `typ`, `kid`, `iss`, `aud`, `exp`, `iat`, `sub`, `jti` (RFC 9068 s. 4).

    A token once verified is remembered by its exact string until it expires or its key goes; at most `remember` of
    them, the oldest forgotten first.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: KeySource,
        clock: Clock | None = None,
        remember: int = 10_000,
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self.keys = keys
        self.revocations: Revocations | None = None
        self.authority: RevocationSource | None = None
        # How often each was the outcome, since this began.
        self.outcomes: dict[str, int] = dict.fromkeys(OUTCOMES, 0)
        self._clock = clock or SystemClock()
        self._reader = JwsReader(keys, ACCESS_TOKEN_TYPES)
        self._capacity = remember
        self._remembered: dict[str, tuple[Principal, PublicKey]] = {}

    @classmethod
    def of(
        cls, issuer: str, audience: str, *, jwks_url: str | None = None, issuer_address: str | None = None
    ) -> "Verifier":
        """A verifier that fetches the issuer's keys; `jwks_url` where they are not at the usual place, `issuer_address`
        (`scheme://host[:port]`) where the issuer is not reached at its own URL from here."""
        url = jwks_url or issuer + "/.well-known/jwks.json"
        return cls(issuer=issuer, audience=audience, keys=RemoteKeys(url, transport=reached_at(issuer, issuer_address)))

    def obey(self, authority: RevocationSource) -> None:
        """Refuse what this authority has revoked."""
        self.authority = authority
        self.revocations = authority.revocations

    def recall(self, token: str) -> Principal | None:
        """The caller of a token that was verified before and still stands; None means: verify it."""
        remembered = self._remembered.get(token)
        if remembered is None:
            return None
        principal, key = remembered
        if (
            self.keys.find(key.kid) is key
            and principal.expires_at > self._clock.now().timestamp() - LEEWAY_SECONDS
            and (self.revocations is None or not self.revocations.refuses(principal))
        ):
            self.outcomes["remembered"] += 1
            return principal
        del self._remembered[token]
        return None

    async def verify(self, token: str) -> Principal:
        """The caller that this token speaks for.

        Raises InvalidToken with the reason for the log; KeysUnavailable where there is nothing to judge by.
        """
        try:
            principal = await self._verify(token)
        except InvalidToken as refusal:
            self.outcomes[refusal.flaw] += 1
            raise
        except KeysUnavailable:
            self.outcomes["keys_unavailable"] += 1
            raise
        self.outcomes["accepted"] += 1
        return principal

    async def _verify(self, token: str) -> Principal:
        claims, key = await self._reader.read(token)
        ensure_meant_for(claims, self.issuer, self.audience)
        ensure_current(claims, self._clock.now().timestamp())
        principal = _principal(claims)
        if self.revocations is not None:
            _ensure_stands(principal, self.revocations)
        self._remembered[token] = (principal, key)
        while len(self._remembered) > self._capacity:
            del self._remembered[next(iter(self._remembered))]
        return principal


def _ensure_stands(principal: Principal, revocations: Revocations) -> None:
    # Its revocation would be forgotten before it expires.
    if principal.expires_at - principal.issued_at > revocations.memory_seconds:
        raise InvalidToken("lives longer than revocations are kept", Flaw.LIFETIME)
    if revocations.refuses(principal):
        raise InvalidToken("revoked", Flaw.REVOKED)


def _principal(claims: dict[str, Any]) -> Principal:
    return Principal(
        subject=text(claims, "sub"),
        client_id=text(claims, "client_id"),
        token_id=text(claims, "jti"),
        issued_at=number(claims, "iat"),
        expires_at=number(claims, "exp"),
        session_id=text(claims, "sid") if "sid" in claims else None,
        username=text(claims, "preferred_username") if "preferred_username" in claims else None,
        scopes=frozenset(text(claims, "scope").split()) if "scope" in claims else frozenset(),
        roles=texts(claims, "roles"),
        permissions=texts(claims, "permissions"),
    )
