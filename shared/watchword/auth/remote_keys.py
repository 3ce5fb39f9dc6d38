"""An issuer's public keys over HTTP: its JWKS (RFC 7517), kept in memory and refreshed."""

import asyncio
import logging
import random
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
import orjson

from watchword.arguments import ensure_web_url
from watchword.auth.errors import KeyNotFetched, KeysUnavailable, UnknownKey
from watchword.auth.public_key import PublicKey, usable_keys
from watchword.http_client.address import transport_to
from watchword.http_client.client import open_client
from watchword.lines import Seldom, quoted
from watchword.observability.logs import new_request_id, request_id
from watchword.tally import Tally
from watchword.tasks import cancel_and_wait, repeat

logger = logging.getLogger("watchword.jwks")

FETCH_TIMEOUT_SECONDS: Final = 2.0
UNKNOWN_KID_COOLDOWN_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 1.0
MAX_AGE_SECONDS: Final = (1.0, 3_600.0)
DEFAULT_MAX_AGE_SECONDS: Final = 300.0
MAX_DOCUMENT_BYTES: Final = 262_144
NOT_FETCHED: Final = "the issuer's keys could not be fetched"


class RemoteKeys:
    """An issuer's keys, fetched from `url`; at most one fetch is under way.

    While the issuer cannot be reached, the old keys stay in use. A withdrawn key goes with the next fetch, at most one
    JWKS lifetime later. An unknown `kid` causes at most one fetch in `cooldown` seconds. Until the next one it may
    be a new key that this process has not fetched, so the answer is KeyNotFetched and not UnknownKey.
    """

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
        self.fetches = Tally("ok", "failed")
        self._last_try = -float("inf")
        self._last_success = time.monotonic()
        self._failed = False
        self._seldom = Seldom(logger)
        self._fetching: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._http: httpx.AsyncClient | None = None

    @classmethod
    def of(cls, issuer: str, *, jwks_url: str | None = None, issuer_address: str | None = None) -> "RemoteKeys":
        """The keys of `issuer`, a URL. `jwks_url` says where they are if not at `/.well-known/jwks.json`, and
        `issuer_address` (`scheme://host[:port]`) where the issuer is reached from here if not at its own URL."""
        ensure_web_url("issuer", issuer, "the URL of the issuer, exactly as it is in tokens (iss)")
        # An issuer may end in a slash, which then is part of its `iss`.
        url = f"{issuer.rstrip('/')}/.well-known/jwks.json" if jwks_url is None else jwks_url
        ensure_web_url("jwks_url", url, "the URL of the issuer's keys")
        return cls(url, transport=transport_to(issuer, issuer_address))

    def find(self, kid: str) -> PublicKey | None:
        # While nothing refreshes the keys, nobody would notice that one has been withdrawn.
        if self._refreshing is None and self.age() > self._max_age:
            return None
        return self._keys.get(kid)

    def age(self) -> float:
        """Seconds since the last successful fetch, or since this object was made if there was none."""
        return time.monotonic() - self._last_success

    async def get(self, kid: str) -> PublicKey:
        if (key := self.find(kid)) is not None:
            return key
        if self._fetching is not None:
            # It may lack a key that was made since it began, so nobody is refused because of it.
            await self._fetch()
            if (key := self.find(kid)) is not None:
                return key
        # Anyone can write any kid, so an unknown one must not cause a fetch each time.
        if (wait := self._seconds_until_fetch()) > 0:
            if self._is_without_answer():
                raise KeysUnavailable(NOT_FETCHED, seconds=wait)
            raise KeyNotFetched("unknown kid, and the next fetch is not due yet", seconds=wait)
        await self._fetch()
        if (key := self.find(kid)) is not None:
            return key
        if self._is_without_answer():
            raise KeysUnavailable(NOT_FETCHED, seconds=self._seconds_until_fetch())
        raise UnknownKey("unknown kid")

    def has_keys(self) -> bool:
        return bool(self._keys)

    async def start(self) -> None:
        """Begin to keep the keys fresh. Returns when the first fetch has succeeded, failed or timed out."""
        self._refreshing = asyncio.create_task(repeat(self._refresh, self._refresh_pause, logger))
        # Fetch now, so that the first request does not wait.
        await self._fetch()

    async def stop(self) -> None:
        await cancel_and_wait(task for task in (self._refreshing, self._fetching) if task is not None)
        self._refreshing = self._fetching = None
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _is_without_answer(self) -> bool:
        """Whether the last fetch failed, or there was none."""
        return self._failed or not self._keys

    def _seconds_until_fetch(self) -> float:
        """For how long an unknown `kid` causes no fetch; 0 or less if it may."""
        pause = min(RETRY_SECONDS, self._cooldown) if self._is_without_answer() else self._cooldown
        return pause - (time.monotonic() - self._last_try)

    async def _refresh(self) -> None:
        request_id.set(new_request_id())
        await self._fetch()

    def _refresh_pause(self) -> float:
        # About half a lifetime, at random, so that many processes do not fetch at the same moment.
        return RETRY_SECONDS if self._failed else self._max_age * random.uniform(0.4, 0.6)  # noqa: S311

    async def _fetch(self) -> None:
        """Fetch once. Callers that come while a fetch is under way wait for that one."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_once())
            self._fetching.add_done_callback(self._on_fetched)
        # Shielded: one caller that is cancelled must not cancel the fetch that others wait for.
        await asyncio.shield(self._fetching)

    def _on_fetched(self, _: "asyncio.Task[None]") -> None:
        self._fetching = None

    async def _fetch_once(self) -> None:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_SECONDS):
                document, max_age = await self._download()
            keys = self._by_kid(usable_keys(document))
            if not keys:
                raise ValueError("no usable key in the JWKS")
        except Exception as error:
            # After any error, the old keys stay in use until another fetch succeeds.
            if not self._failed:
                fields = {"url": self._url, "error": repr(error)}
                logger.warning("fetching the JWKS failed: %s: %s", self._url, quoted(error), extra=fields)
            self._failed = True
            self.fetches["failed"] += 1
        else:
            self._take_over(keys, max_age)
        finally:
            self._last_try = time.monotonic()

    def _by_kid(self, keys: Sequence[PublicKey]) -> dict[str, PublicKey]:
        """The keys by their `kid`. A `kid` that two different keys have is left out: nothing tells which is meant."""
        by_kid: dict[str, PublicKey] = {}
        for key in keys:
            by_kid.setdefault(key.kid, key)
        ambiguous = {key.kid for key in keys if by_kid[key.kid] != key}
        if ambiguous:
            kids = quoted(sorted(ambiguous))
            self._seldom.log(
                logging.WARNING, "ambiguous", "two keys in %s have one kid, and none is used: %s", self._url, kids
            )
        return {kid: key for kid, key in by_kid.items() if kid not in ambiguous}

    def _take_over(self, keys: Mapping[str, PublicKey], max_age: float) -> None:
        # An unchanged key stays the same object: the verifier remembers a token together with its key's object.
        self._keys = {kid: old if (old := self._keys.get(kid)) == key else key for kid, key in keys.items()}
        self._max_age, self._failed = max_age, False
        self._last_success = time.monotonic()
        self.fetches["ok"] += 1

    async def _download(self) -> tuple[Any, float]:
        """The JWKS and its lifetime in seconds."""
        if self._http is None:
            self._http = open_client(self._transport, timeout=FETCH_TIMEOUT_SECONDS)
        async with self._http.stream("GET", self._url) as response:
            response.raise_for_status()
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_DOCUMENT_BYTES:
                    raise ValueError("the JWKS is too large")
        return orjson.loads(body), _max_age(response.headers.get("cache-control", ""))


def _max_age(cache_control: str) -> float:
    match = re.search(r"max-age=(\d{1,9})", cache_control)
    seconds = float(match[1]) if match else DEFAULT_MAX_AGE_SECONDS
    return min(max(seconds, MAX_AGE_SECONDS[0]), MAX_AGE_SECONDS[1])
