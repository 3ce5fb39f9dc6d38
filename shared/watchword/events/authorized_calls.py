"""Calls to the transmitter, with access tokens that the receiver's client gets for itself (RFC 6749 section 4.4)."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus

import httpx

from watchword.arguments import ensure_web_url
from watchword.events.documents import Document, explanation, parse_json
from watchword.events.errors import AnswerTimedOut, ClientRefused, StreamGone, TransmitterUnavailable

SCOPES: Final = "ssf.read ssf.manage"
REQUEST_TIMEOUT_SECONDS: Final = 2.0
MAX_ANSWER_BYTES: Final = 4_194_304
"""More than any poll answers: a hundred tokens of the largest size."""

TOKEN_USE_SHARE: Final = 0.8
"""The part of an access token's life after which it is replaced, so that none expires on its way."""

TOKEN_LIFETIME_SECONDS: Final = 60.0
"""How long an access token is used if the token endpoint does not say how long it is valid."""

LONGEST_TOKEN_LIFETIME_SECONDS: Final = 86_400.0

_BEARER_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


@dataclass(frozen=True, slots=True)
class TransmitterAccount:
    """The issuer whose events are received, and the credentials of the client that receives them.

    Raises ValueError if one is empty or cannot be sent: a text of the environment that is not UTF-8, or one with the
    line feed of the file that it was read from.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("issuer", "client_id", "client_secret"):
            value: str = getattr(self, name)
            if not value or any("\ud800" <= character <= "\udfff" for character in value):
                raise ValueError(f"the {name} of a receiver must be UTF-8 text that is not empty")
            if value != value.strip() or any(character < " " or character == "\x7f" for character in value):
                raise ValueError(f"the {name} of a receiver has a space around it or a control character")
        ensure_web_url("issuer", self.issuer, "the URL of the issuer whose events are received")

    def basic(self) -> tuple[str, str]:
        """Id and secret, form encoded, for the Basic scheme (RFC 6749 section 2.3.1)."""
        return quote_plus(self.client_id), quote_plus(self.client_secret)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes


@dataclass(slots=True)
class CachedToken:
    """The access token of one client, which outlasts its connections."""

    text: str = ""
    deadline: float = 0.0
    # A token that was accepted before and is refused now has expired, or its key is gone; a new one may help.
    was_accepted: bool = False


class AuthorizedCalls:
    """The calls of one client over one connection. Every method raises TransmitterUnavailable: AnswerTimedOut if there
    is no answer in time, ClientRefused if the issuer refuses the credentials or the scopes."""

    def __init__(self, http: httpx.AsyncClient, account: TransmitterAccount, token: CachedToken) -> None:
        self._http = http
        self._account = account
        self._token = token
        self.token_endpoint = ""

    async def document(self, name: str, url: str) -> Document:
        """A document that everybody may read."""
        answer = await self._send("GET", url)
        if answer.status != 200:
            raise _failure("GET", url, answer)
        return Document(name, parse_json(url, answer.body))

    async def call(self, method: str, url: str, body: Any = None, *, timeout: float = REQUEST_TIMEOUT_SECONDS) -> Any:
        """The JSON value that the transmitter answers to this client, None for 204. Raises StreamGone for 404."""
        headers = {"Authorization": f"Bearer {await self._access_token()}"}
        answer = await self._send(method, url, timeout=timeout, headers=headers, json=body)
        if answer.status in (401, 403):
            self._token.deadline = 0.0
            if answer.status == 403 or not self._token.was_accepted:
                raise self._refusal(answer)
        if answer.status == 404:
            raise StreamGone(f"{method} {url} answered 404")
        if not 200 <= answer.status < 300:
            raise _failure(method, url, answer)
        self._token.was_accepted = True
        if answer.status == 204:
            return None
        return parse_json(url, answer.body)

    async def _access_token(self) -> str:
        if time.monotonic() >= self._token.deadline:
            url, form = self.token_endpoint, {"grant_type": "client_credentials", "scope": SCOPES}
            answer = await self._send("POST", url, data=form, auth=self._account.basic())
            if answer.status in (400, 401, 403):
                raise self._refusal(answer)
            if answer.status != 200:
                raise _failure("POST", url, answer)
            self._keep_token(Document("the answer of the token endpoint", parse_json(url, answer.body)))
        return self._token.text

    def _keep_token(self, answer: Document) -> None:
        token, kind = answer.text("access_token"), answer.find("token_type")
        if not _BEARER_TOKEN.fullmatch(token) or (kind is not None and str(kind).lower() != "bearer"):
            raise TransmitterUnavailable(f"{answer.name} has an access_token that is not a bearer token")
        seconds = min(_lifetime(answer.find("expires_in")), LONGEST_TOKEN_LIFETIME_SECONDS)
        self._token.text, self._token.was_accepted = token, False
        self._token.deadline = time.monotonic() + seconds * TOKEN_USE_SHARE

    async def _send(
        self, method: str, url: str, *, timeout: float = REQUEST_TIMEOUT_SECONDS, **options: Any
    ) -> _Answer:
        try:
            async with (
                asyncio.timeout(timeout),
                self._http.stream(method, url, timeout=timeout, **options) as response,
            ):
                return _Answer(response.status_code, await _bounded_body(response))
        except (httpx.TimeoutException, TimeoutError) as error:
            raise AnswerTimedOut(f"{method} {url} was not answered in {timeout:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise TransmitterUnavailable(f"{method} {url} failed: {error!r}") from error

    def _refusal(self, answer: _Answer) -> ClientRefused:
        account = self._account
        code, text = explanation(answer.body)
        reason = (
            f"the issuer {account.issuer} refuses the client {account.client_id}: it answered {answer.status} {text}"
        )
        return ClientRefused(reason, code or str(answer.status))


async def _bounded_body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise TransmitterUnavailable(f"{response.url} answered with more than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _lifetime(expires_in: Any) -> float:
    """How long a token is used. `expires_in` is optional, and one that is no positive number says nothing."""
    is_number = isinstance(expires_in, int | float) and not isinstance(expires_in, bool) and expires_in > 0
    return float(expires_in) if is_number else TOKEN_LIFETIME_SECONDS


def _failure(method: str, url: str, answer: _Answer) -> TransmitterUnavailable:
    return TransmitterUnavailable(f"{method} {url} answered {answer.status} {explanation(answer.body)[1]}".rstrip())
