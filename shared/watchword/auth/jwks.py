"""Where verification keys come from: an issuer's JWKS (RFC 7517), kept in memory and kept fresh."""

import asyncio
import binascii
import logging
import random
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx
import orjson

from watchword.auth.errors import KeysUnavailable, UnknownKey
from watchword.http_client.tls import ssl_context
from watchword.http_client.traced import TracedClient
from watchword.observability.logs import new_request_id, request_id
from watchword.tasks import cancel_and_wait

logger = logging.getLogger("watchword.jwks")

FETCH_TIMEOUT_SECONDS: Final = 2.0
UNKNOWN_KID_COOLDOWN_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 1.0
MAX_AGE_SECONDS: Final = (1.0, 3_600.0)
DEFAULT_MAX_AGE_SECONDS: Final = 300.0
MAX_DOCUMENT_BYTES: Final = 262_144
KEY_BITS: Final = (2_048, 8_192)
MAX_EXPONENT: Final = 2**32


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The numbers of one RSA public key, as a JWK writes them. The same key is the same object while it is served."""

    kid: str
    n: str
    e: str

    def as_jwk(self) -> dict[str, str]:
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": self.n, "e": self.e}


class KeySource(Protocol):
    def find(self, kid: str) -> PublicKey | None:
        """The key of this name if it is at hand."""

    async def get(self, kid: str) -> PublicKey:
        """The key of this name, fetched if need be. Raises UnknownKey where the issuer has no such key, and
        KeysUnavailable where that cannot be known."""

    async def start(self) -> None:
        """Begin to keep the keys fresh. Returns when they are at hand, or were not to be had at the first try."""

    async def stop(self) -> None:
        """End what `start` began."""


class RemoteKeys:
    """An issuer's keys over HTTP. Old keys keep serving while the issuer is away; a withdrawn key goes with the next
    fetch, at most one JWKS lifetime later. There is never more than one fetch under way."""

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        cooldown: float = UNKNOWN_KID_COOLDOWN_SECONDS,
    ) -> None:
        self._url = url
        self._transport = transport
        self._cooldown = cooldown
        self._keys: Mapping[str, PublicKey] = {}
        self._max_age = DEFAULT_MAX_AGE_SECONDS
        # How often each was the outcome, since this began.
        self.fetches = {"ok": 0, "failed": 0}
        self._tried_at = -float("inf")
        self._fresh_at = time.monotonic()
        self._failed = False
        self._fetching: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._http: httpx.AsyncClient | None = None

    def find(self, kid: str) -> PublicKey | None:
        return self._keys.get(kid)

    def age(self) -> float:
        """Seconds since the keys were last fetched; where they never were, since this began."""
        return time.monotonic() - self._fresh_at

    async def get(self, kid: str) -> PublicKey:
        key = self._keys.get(kid)
        if key is not None:
            return key
        # Anyone can write any kid; an unknown one buys at most one fetch per cooldown.
        if self._fetching is not None or time.monotonic() - self._tried_at >= self._pause():
            await self._fetch()
            key = self._keys.get(kid)
        if key is not None:
            return key
        if self._failed or not self._keys:
            raise KeysUnavailable("the issuer's keys could not be fetched")
        raise UnknownKey("unknown kid")

    async def start(self) -> None:
        # Whoever asks first is not the one who waits for them.
        await self._fetch()
        self._refreshing = asyncio.create_task(self._refresh_for_ever())

    async def stop(self) -> None:
        await cancel_and_wait(task for task in (self._refreshing, self._fetching) if task is not None)
        self._refreshing = self._fetching = None
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _pause(self) -> float:
        return min(RETRY_SECONDS, self._cooldown) if self._failed or not self._keys else self._cooldown

    async def _refresh_for_ever(self) -> None:
        while True:
            # Half a lifetime, spread out, so that many processes do not ask in step.
            await asyncio.sleep(RETRY_SECONDS if self._failed else self._max_age * random.uniform(0.4, 0.6))  # noqa: S311
            request_id.set(new_request_id())
            await self._fetch()

    async def _fetch(self) -> None:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_once())
            self._fetching.add_done_callback(self._fetched)
        await asyncio.shield(self._fetching)

    def _fetched(self, _: "asyncio.Task[None]") -> None:
        self._fetching = None

    async def _fetch_once(self) -> None:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_SECONDS):
                document, max_age = await self._download()
            keys = {key.kid: key for key in usable_keys(document)}
            if not keys:
                raise ValueError("no usable key in it")
        except Exception as error:
            # Whatever it is, the old keys keep serving and the next fetch comes.
            if not self._failed:
                logger.warning("fetching the JWKS failed", extra={"url": self._url, "error": repr(error)})
            self._failed = True
            self.fetches["failed"] += 1
        else:
            # A key that has not changed stays the same object: what it verified stays remembered.
            self._keys = {kid: old if (old := self._keys.get(kid)) == key else key for kid, key in keys.items()}
            self._max_age, self._failed = max_age, False
            self._fresh_at = time.monotonic()
            self.fetches["ok"] += 1
        finally:
            self._tried_at = time.monotonic()

    async def _download(self) -> tuple[Any, float]:
        if self._http is None:
            self._http = TracedClient(transport=self._transport, verify=ssl_context(), timeout=FETCH_TIMEOUT_SECONDS)
        async with self._http.stream("GET", self._url) as response:
            response.raise_for_status()
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_DOCUMENT_BYTES:
                    raise ValueError("the document is too large")
        return orjson.loads(body), _max_age(response.headers.get("cache-control", ""))


def usable_keys(document: Any) -> list[PublicKey]:
    """The RS256 verification keys of a JWKS; others and unknown members are ignored (RFC 7517 section 5).

    Raises ValueError where the document is no JWKS at all.
    """
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a JWKS")
    return [
        PublicKey(kid=key["kid"], n=key["n"], e=key["e"])
        for key in document["keys"]
        if isinstance(key, dict) and _is_usable(key)
    ]


def _is_usable(key: dict[str, Any]) -> bool:
    named = all(isinstance(key.get(member), str) for member in ("kid", "n", "e"))
    if not named or key.get("kty") != "RSA":
        return False
    if key.get("use", "sig") != "sig" or key.get("alg", "RS256") != "RS256":
        return False
    operations = key.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return False
    try:
        modulus = int.from_bytes(urlsafe_b64decode(key["n"] + "=" * (-len(key["n"]) % 4)))
        exponent = int.from_bytes(urlsafe_b64decode(key["e"] + "=" * (-len(key["e"]) % 4)))
    except (binascii.Error, ValueError):
        return False
    # 2048 bits at least (RFC 7518 section 3.3), and no more than is cheap to verify with. An even number is no RSA key.
    fits = KEY_BITS[0] <= modulus.bit_length() <= KEY_BITS[1] and 3 <= exponent <= MAX_EXPONENT
    return fits and modulus % 2 == 1 and exponent % 2 == 1


def _max_age(cache_control: str) -> float:
    found = re.search(r"max-age=(\d{1,9})", cache_control)
    seconds = float(found[1]) if found else DEFAULT_MAX_AGE_SECONDS
    return min(max(seconds, MAX_AGE_SECONDS[0]), MAX_AGE_SECONDS[1])
