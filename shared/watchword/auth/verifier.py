"""Accepts the access tokens that one issuer signed for one audience, and no others."""

import logging
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from watchword.arguments import ensure_count, ensure_text, ensure_web_url
from watchword.auth.background import own, runner_of
from watchword.auth.errors import Flaw, InvalidToken, KeyNotFetched, KeysUnavailable, NotFresh, NotStarted
from watchword.auth.hints import ConfigurationHints
from watchword.auth.jws import (
    LEEWAY_SECONDS,
    MAX_LEEWAY_SECONDS,
    NO_TEXTS,
    JwsReader,
    counter,
    current_times,
    ensure_meant_for,
    number,
    scopes_in,
    text,
    texts,
)
from watchword.auth.open_connections import OpenConnections
from watchword.auth.principal import Principal, instant, shared_instant
from watchword.auth.public_key import KeySource
from watchword.auth.remembered_token import RememberedToken
from watchword.auth.remote_keys import RemoteKeys
from watchword.auth.revocations import ContactSource, LeasedSource, Revocations, RevocationSource
from watchword.clock import Clock, SystemClock, seconds_of
from watchword.lines import Seldom
from watchword.tally import Tally

logger = logging.getLogger("watchword.configuration")

ACCESS_TOKEN_TYPES: Final = ("at+jwt", "application/at+jwt")
OUTCOMES: Final = ("accepted", "remembered", "key_not_fetched", "keys_unavailable", *Flaw)

_NEVER_STARTED: Final = """every guarded request is answered 503, because %s not running: the app's lifespan was not \
entered, or has ended. Serve the app with its lifespan (uvicorn without `--lifespan off`); if it is mounted under \
another app, enter `service.router.lifespan_context(service)` in the lifespan of that one"""


class Verifier:
    """Verifies an access token all or nothing: signature, `alg`, `typ`, `kid`, `iss`, `aud`, `exp`, `iat`, `sub`,
    `jti` (RFC 9068 section 4), and that it is not revoked.

    `leeway_seconds`, at most 60, is how far the clocks of the issuer and of this machine may differ. A token is
    accepted for so much longer after its end.

    A verified token is remembered by its exact text until it expires, is revoked, or its key goes. At most `remember`
    are, and the oldest are dropped first.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: KeySource,
        revocations: RevocationSource | None = None,
        clock: Clock | None = None,
        leeway_seconds: float = LEEWAY_SECONDS,
        remember: int = 10_000,
    ) -> None:
        _ensure_usable(issuer, audience, leeway_seconds)
        _ensure_same_issuer(issuer, revocations)
        ensure_count("remember", remember, least=0)
        self.issuer = issuer
        self.audience = audience
        self.keys = keys
        self.revocations = revocations
        self.outcomes = Tally(*OUTCOMES)
        self.keys_runner = runner_of(keys)
        self.revocations_runner = runner_of(revocations)
        own(revocations)
        if revocations is not None:
            held = revocations.revocations
            held.leeway_seconds = max(held.leeway_seconds, leeway_seconds)
        leased: object = revocations
        self._is_current: Callable[[], bool] = _always
        if isinstance(leased, LeasedSource):
            self._is_current, self._source_catch_up = leased.is_current, leased.catch_up
        self._now = seconds_of(clock or SystemClock())
        self._leeway_seconds = leeway_seconds
        self._hints = ConfigurationHints(issuer, audience)
        self._seldom = Seldom(logger)
        self._reader = JwsReader(keys, ACCESS_TOKEN_TYPES)
        self._capacity = remember
        self._remembered: dict[str, RememberedToken] = {}
        self.open_connections = OpenConnections(self)

    @classmethod
    def of(
        cls,
        issuer: str,
        audience: str,
        *,
        jwks_url: str | None = None,
        issuer_address: str | None = None,
        revocations: RevocationSource | None = None,
        leeway_seconds: float = LEEWAY_SECONDS,
    ) -> "Verifier":
        """A verifier that fetches the issuer's keys over HTTP.

        `jwks_url` says where they are if not at `/.well-known/jwks.json`, and `issuer_address`
        (`scheme://host[:port]`) where the issuer is reached from here if not at its own URL.
        """
        keys = RemoteKeys.of(issuer, jwks_url=jwks_url, issuer_address=issuer_address)
        return cls(issuer=issuer, audience=audience, keys=keys, revocations=revocations, leeway_seconds=leeway_seconds)

    def ensure_running(self) -> None:
        """Raise NotStarted unless the app that this verifier protects has started its keys and revocations.

        Without them a withdrawn key or a revoked token would be accepted for ever.
        """
        if self.keys_runner.is_ready and self.revocations_runner.is_ready:
            return
        idle = "the receiver of security events is" if self.keys_runner.is_ready else "the refreshing of keys is"
        self._seldom.log(logging.ERROR, "not started", _NEVER_STARTED, idle)
        raise NotStarted(f"{idle} not running")

    async def verify(self, token: str, is_write: bool = False) -> Principal:
        """The caller that this access token speaks for.

        Raises InvalidToken with the reason for the log; KeysUnavailable if the keys could not be fetched; Unavailable
        if what is revoked cannot be known, or if the issuer has been silent for too long to accept this request
        (`is_write`: one that changes something).
        """
        principal = self._recall(token)
        if principal is None:
            principal = await self._verify_unknown(token)
        if self.revocations is not None:
            if not self._is_current():
                await self._catch_up(self.revocations.revocations, principal)
            self.revocations.ensure_in_contact(is_write)
        return principal

    async def _catch_up(self, revocations: Revocations, principal: Principal) -> None:
        """Learn what was revoked while this process did not look, and refuse the caller if that is among it."""
        while not self._is_current():
            await self._source_catch_up()
        if revocations.refuses(principal):
            self.outcomes[Flaw.REVOKED] += 1
            raise InvalidToken("revoked", Flaw.REVOKED)

    def ensure_fresh(self, seconds: float) -> None:
        """Raise NotFresh unless the issuer has been heard within so many seconds. A verifier without a receiver never
        hears it."""
        source: object = self.revocations
        if not isinstance(source, ContactSource) or not source.heard_within(seconds):
            raise NotFresh(f"the issuer has not been heard within {seconds:g} s")

    def was_authenticated_within(self, seconds: float, principal: Principal) -> bool:
        """Whether this caller proved who they are at most so many seconds ago, and the leeway. False if the token does
        not say when, or names a time to come."""
        if principal.authenticated_at is None:
            return False
        age = self._now() - principal.authenticated_at.timestamp()
        return -self._leeway_seconds <= age <= seconds + self._leeway_seconds

    def level_of(self, principal: Principal) -> str | None:
        """How strongly this caller counts as authenticated now: `Principal.acr`, or less if the issuer has said since
        that a factor of the account was removed."""
        return principal.acr if self.revocations is None else self.revocations.revocations.level_of(principal)

    def seconds_left(self, principal: Principal) -> float:
        """For how long the token of this caller is still accepted, unless it is revoked; negative if it is not."""
        return principal.expires_at.timestamp() + self._leeway_seconds - self._now()

    def _recall(self, token: str) -> Principal | None:
        """The caller of a token that was verified before, if it is still valid."""
        remembered = self._remembered.get(token)
        if remembered is None:
            return None
        key, source = remembered.key, self.revocations
        if (
            self.keys.find(key.kid) is key
            and self._now() < remembered.refused_from
            and (source is None or not remembered.is_revoked(source.revocations))
        ):
            self.outcomes["remembered"] += 1
            return remembered.principal
        del self._remembered[token]
        return None

    async def _verify_unknown(self, token: str) -> Principal:
        """Verify a token that is not remembered, and count the outcome."""
        try:
            claims, key = await self._reader.read(token)
            principal, expires_at = self._check(claims, key.kid)
        except InvalidToken as refusal:
            self.outcomes[refusal.flaw] += 1
            raise
        except KeysUnavailable as outage:
            self.outcomes["key_not_fetched" if isinstance(outage, KeyNotFetched) else "keys_unavailable"] += 1
            raise
        self.outcomes["accepted"] += 1
        self._remembered[token] = RememberedToken(principal, key, expires_at + self._leeway_seconds)
        if len(self._remembered) > self._capacity:
            self._forget_oldest()
        return principal

    def _forget_oldest(self) -> None:
        # Several at once: the first entry of a dict takes the longer to find, the more were deleted in front of it.
        for token in [*islice(self._remembered, 1 + self._capacity // 100)]:
            del self._remembered[token]

    def _check(self, claims: dict[str, Any], key_id: str) -> tuple[Principal, float]:
        """The caller that the claims of a signed token describe, and when the token expires, in seconds since 1970.
        Raises InvalidToken if a claim is wrong."""
        now = self._now()
        try:
            ensure_meant_for(claims, self.issuer, self.audience)
            issued_at, expires_at = current_times(claims, now, self._leeway_seconds)
            principal = _principal(claims, issued_at, expires_at, key_id)
            if self.revocations is not None:
                _ensure_not_revoked(principal, expires_at - issued_at, self.revocations.revocations)
        except InvalidToken as refusal:
            self._hints.note(refusal, claims, now, has_accepted=self.outcomes["accepted"] > 0)
            raise
        return principal, expires_at


def _always() -> bool:
    return True


def _ensure_usable(issuer: str, audience: str, leeway_seconds: float) -> None:
    """Raise ValueError if no token can ever match these values."""
    ensure_web_url("issuer", issuer, "the URL of the issuer, exactly as it is in tokens (iss)")
    ensure_text("audience", audience, "the name of this service in tokens (aud)")
    if not 0 <= leeway_seconds <= MAX_LEEWAY_SECONDS:
        raise ValueError(f"leeway_seconds: from 0 to {MAX_LEEWAY_SECONDS}, and not {leeway_seconds}")


def _ensure_same_issuer(issuer: str, revocations: RevocationSource | None) -> None:
    """Raise ValueError if the events are another issuer's: what they revoke is in no token that is accepted here."""
    other = getattr(revocations, "issuer", issuer)
    if other != issuer:
        raise ValueError(f"revocations: they are those of the issuer {other}, and not of {issuer}")


def _ensure_not_revoked(principal: Principal, lifetime: float, revocations: Revocations) -> None:
    # The revocation of a longer-lived token would be deleted before the token expires.
    if lifetime > (memory := revocations.memory_seconds):
        raise InvalidToken(f"lives for {lifetime:g} s, and revocations are kept for {memory:g} s", Flaw.LIFETIME)
    if revocations.refuses(principal):
        raise InvalidToken("revoked", Flaw.REVOKED)


def principal_of(claims: dict[str, Any], key_id: str) -> Principal:
    """The caller that these claims describe, signed with the key `key_id`. Raises InvalidToken if a claim has the wrong
    type."""
    return _principal(claims, number(claims, "iat"), number(claims, "exp"), key_id)


def _principal(claims: dict[str, Any], issued_at: float, expires_at: float, key_id: str) -> Principal:
    """The caller that these claims describe; the times are those of `iat` and `exp`. Raises InvalidToken if another
    claim has the wrong type."""
    # By position: with names the call takes three times as long, and each token that is not remembered makes it.
    return Principal(
        text(claims, "sub"),
        text(claims, "client_id"),
        text(claims, "jti"),
        shared_instant(issued_at),
        shared_instant(expires_at),
        text(claims, "sid") if "sid" in claims else None,
        text(claims, "preferred_username") if "preferred_username" in claims else None,
        scopes_in(text(claims, "scope")) if "scope" in claims else NO_TEXTS,
        texts(claims, "roles"),
        texts(claims, "permissions"),
        counter(claims, "ver") if "ver" in claims else 0,
        counter(claims, "rver") if "rver" in claims else 0,
        key_id,
        instant(number(claims, "auth_time")) if "auth_time" in claims else None,
        text(claims, "acr") if "acr" in claims else None,
        texts(claims, "amr") if "amr" in claims else NO_TEXTS,
    )
