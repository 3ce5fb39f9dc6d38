"""Calls to the issuer in the name of this service's client: metadata, tokens, revocation."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote_plus

import httpx
import orjson

from watchword.auth import RemoteKeys
from watchword.http_client import TracedClient, open_client, transport_to
from watchword.lines import Seldom, one_line, quoted
from watchword.pages.errors import AnswerLost, IssuerUnavailable, NotSignedIn, SignInFailed, SignInRefused
from watchword.pages.metadata import PATH, Metadata
from watchword.pages.settings import PagesSettings
from watchword.pages.values import PageSession, Tokens

logger = logging.getLogger("watchword.pages")

CALL_SECONDS: Final = 4.0
"""Less than half of the time within which an issuer repeats the answer to a refresh: a second try is in time."""

METADATA_SECONDS: Final = 300.0
RETRY_SECONDS: Final = 1.0
MAX_ANSWER_BYTES: Final = 262_144


class IssuerClient:
    """The issuer, as the client of this service calls it. Nothing is fetched before it is needed.

    Every method raises IssuerUnavailable if the issuer does not answer, or not as a standard says, and SignInFailed if
    it refuses this client; the log says what to correct.
    """

    def __init__(self, settings: PagesSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport
        self._http: TracedClient | None = None
        self._basic = (quote_plus(settings.client_id), quote_plus(settings.client_secret))
        self._metadata: Metadata | None = None
        self._next_fetch = 0.0
        self._fetching = asyncio.Lock()
        self._keys: tuple[str, RemoteKeys] | None = None
        self._seldom = Seldom(logger)

    async def metadata(self) -> Metadata:
        """The endpoints; while the issuer is away, those that it had."""
        async with self._fetching:
            if time.monotonic() >= self._next_fetch:
                await self._fetch_metadata()
            if self._metadata is None:
                raise IssuerUnavailable(f"the metadata of {self._settings.issuer} could not be fetched")
            return self._metadata

    async def keys(self) -> RemoteKeys:
        """The keys with which the issuer signs ID tokens."""
        url = (await self.metadata()).jwks_uri
        if self._keys is None or self._keys[0] != url:
            former = self._keys
            self._keys = url, RemoteKeys(url, transport=self._new_transport())
            if former is not None:
                await former[1].stop()
        return self._keys[1]

    async def exchange(self, code: str, verifier: str) -> Tokens:
        """Trade a code in. Raises SignInRefused for one that is not valid any more, or not for this browser."""
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        status, document = await self._call(
            (await self.metadata()).token_endpoint,
            {**form, "redirect_uri": self._settings.redirect_uri, "resource": self._settings.audience},
        )
        if status == 400 and document.get("error") == "invalid_grant":
            raise SignInRefused(f"the issuer refuses the code: {_error_text(document)}")
        self._ensure_granted(status, document)
        if not document.get("refresh_token"):
            raise self._failed("gives no refresh token: unless it is a first-party client, it needs offline_access")
        return _tokens(document, refresh_token="", id_token="")

    async def refresh(self, session: PageSession) -> Tokens:
        """Trade the refresh token in. Raises NotSignedIn if the session has ended."""
        form = {"grant_type": "refresh_token", "refresh_token": session.refresh_token}
        endpoint = (await self.metadata()).token_endpoint
        status, document = await self._call_twice(endpoint, {**form, "resource": self._settings.audience})
        if status == 400 and document.get("error") == "invalid_grant":
            raise NotSignedIn(f"the issuer refuses the refresh token: {_error_text(document)}")
        self._ensure_granted(status, document)
        return _tokens(document, refresh_token=session.refresh_token, id_token=session.id_token)

    async def revoke(self, refresh_token: str) -> None:
        """End the session at the issuer (RFC 7009)."""
        if (endpoint := (await self.metadata()).revocation_endpoint) is None:
            raise IssuerUnavailable(f"the issuer {self._settings.issuer} has no revocation endpoint")
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        self._ensure_granted(*await self._call_twice(endpoint, form))

    async def stop(self) -> None:
        """Close the connections. A later call opens others."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None
        if self._keys is not None:
            await self._keys[1].stop()

    async def _fetch_metadata(self) -> None:
        issuer = self._settings.issuer
        try:
            status, document = await self._send("GET", f"{issuer.rstrip('/')}{PATH}")
            if status != 200:
                raise IssuerUnavailable(f"the metadata of {issuer} was answered with {status}")
            self._metadata, pause = Metadata.of(document, issuer), METADATA_SECONDS
        except IssuerUnavailable as error:
            self._seldom.log(
                logging.WARNING, "metadata", "the metadata of the issuer could not be read: %s", one_line(str(error))
            )
            pause = RETRY_SECONDS
        self._next_fetch = time.monotonic() + pause

    async def _call_twice(self, url: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer to a call that may be repeated. If it is lost, the second one comes at once: the issuer may have
        spent a refresh token, and takes it once more for seconds only."""
        try:
            return await self._call(url, form)
        except AnswerLost:
            return await self._call(url, form)

    async def _call(self, url: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        return await self._send("POST", url, data=form, auth=self._basic)

    async def _send(self, method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object of an answer. An error of the server, or too many requests, is no answer."""
        if self._http is None:
            self._http = open_client(self._new_transport(), timeout=CALL_SECONDS)
        try:
            async with asyncio.timeout(CALL_SECONDS), self._http.stream(method, url, **options) as response:
                body = await _bounded_body(response)
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise AnswerLost(f"{method} {url} failed: {quoted(error)}") from None
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise IssuerUnavailable(f"{method} {url} failed: {quoted(error)}") from None
        if response.status_code == 429 or response.status_code >= 500:
            raise IssuerUnavailable(f"{method} {url} answered {response.status_code}")
        try:
            document = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise IssuerUnavailable(f"{method} {url} answered {response.status_code} without a JSON object")
        return response.status_code, document

    def _new_transport(self) -> httpx.AsyncBaseTransport | None:
        return self._transport or transport_to(self._settings.issuer, self._settings.issuer_address)

    def _ensure_granted(self, status: int, document: Mapping[str, Any]) -> None:
        if status != 200:
            raise self._failed(f"is refused with {status}: {_error_text(document)}")

    def _failed(self, problem: str) -> SignInFailed:
        reason = f"the client {self._settings.client_id} at {self._settings.issuer} {problem}"
        self._seldom.log(logging.WARNING, "refused", "people cannot sign in: %s", one_line(reason))
        return SignInFailed(reason)


async def _bounded_body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise IssuerUnavailable(f"{response.url} answered with more than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _tokens(document: Mapping[str, Any], *, refresh_token: str, id_token: str) -> Tokens:
    """The tokens of an answer. A refresh may leave out a refresh token and an ID token (RFC 6749 section 6, OpenID
    Connect Core section 12.2): then the former ones stay."""
    seconds, kind = document.get("expires_in"), document.get("token_type")
    texts = (
        document.get("access_token"),
        document.get("refresh_token", refresh_token),
        document.get("id_token", id_token),
    )
    if not all(isinstance(text, str) and text for text in texts) or str(kind).lower() != "bearer":
        raise IssuerUnavailable("the answer of the token endpoint lacks a token, or is not one of bearer tokens")
    if type(seconds) is not int or seconds <= 0:
        raise IssuerUnavailable("the answer of the token endpoint does not say for how long the access token is valid")
    return Tokens(str(texts[0]), seconds, str(texts[1]), str(texts[2]))


def _error_text(document: Mapping[str, Any]) -> str:
    """The error and its description (RFC 6749 section 5.2), for the log."""
    texts = [document.get("error"), document.get("error_description")]
    return one_line(": ".join(text for text in texts if isinstance(text, str)))
