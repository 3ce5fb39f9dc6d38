"""The receiver's side of HTTP: discovery, stream and poll of an SSF 1.0 transmitter."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from watchword.errors import Unavailable
from watchword.events.types import supported_by

POLL_DELIVERY: Final = "urn:ietf:rfc:8936"
SCOPES: Final = "ssf.read ssf.manage"
REQUEST_TIMEOUT_SECONDS: Final = 5.0
LONG_POLL_TIMEOUT_SECONDS: Final = 90.0
"""Longer than any transmitter holds a poll without an event."""

TOKEN_USE_SHARE: Final = 0.8
"""The part of an access token's life after which it is replaced, so that none expires on its way."""


class TransmitterUnavailable(Unavailable):
    code = "transmitter_unavailable"


class StreamGone(TransmitterUnavailable):
    """The transmitter does not know the stream. The next connection finds or creates another."""


@dataclass(frozen=True, slots=True)
class TransmitterAccount:
    """The issuer whose events are received, and the credentials of the client that receives them."""

    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Stream:
    """Where to poll, and the `aud` of the events that come."""

    url: str
    audience: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a poll says about the events before it (RFC 8936 section 2.2): which are acknowledged, which are reported
    as errors. An event in neither is delivered again."""

    acknowledged: list[str] = field(default_factory=list)
    errors: dict[str, dict[str, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.acknowledged) + len(self.errors)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a poll brought: tokens by their `jti`, and whether the transmitter has more at once."""

    tokens: dict[str, Any]
    has_more: bool


class TransmitterClient:
    """Any SSF 1.0 transmitter with RFC 6749 authorization. Every method raises TransmitterUnavailable."""

    def __init__(self, http: httpx.AsyncClient, account: TransmitterAccount) -> None:
        self._http = http
        self._account = account
        self._configuration: Mapping[str, Any] = {}
        self._token_endpoint = ""
        self._token = ""
        self._token_deadline = 0.0

    async def discover(self) -> str:
        """Read the discovery documents (SSF 1.0 section 7, RFC 8414); the URL of the keys that sign the events."""
        self._configuration = await self._document("ssf-configuration")
        self._token_endpoint = str((await self._document("oauth-authorization-server"))["token_endpoint"])
        return str(self._configuration["jwks_uri"])

    async def find_or_create_stream(self) -> Stream:
        """This receiver's stream with poll delivery; a stream is created if there is none."""
        endpoint = str(self._configuration["configuration_endpoint"])
        answer = await self._call("GET", endpoint)
        streams = answer if isinstance(answer, list) else [answer]
        suitable = [stream for stream in streams if stream.get("delivery", {}).get("method") == POLL_DELIVERY]
        event_types = list(supported_by(self._account.issuer))
        if suitable:
            stream = await self._with_events(suitable[0], event_types)
        else:
            request = {"delivery": {"method": POLL_DELIVERY}, "events_requested": event_types}
            stream = await self._call("POST", endpoint, request)
        audience = stream["aud"]
        return Stream(
            str(stream["delivery"]["endpoint_url"]), str(audience[0] if isinstance(audience, list) else audience)
        )

    async def _with_events(self, stream: Mapping[str, Any], event_types: Sequence[str]) -> Mapping[str, Any]:
        """The stream after it was asked for the events that it lacks and the transmitter supports. It keeps what a
        later release of this service may have asked for."""
        requested = stream.get("events_requested")
        if not isinstance(requested, list):
            return stream
        supported = stream.get("events_supported", ())
        missing = [kind for kind in event_types if kind in supported and kind not in requested]
        if not missing:
            return stream
        change = {"stream_id": stream["stream_id"], "events_requested": [*requested, *missing]}
        changed: Mapping[str, Any] = await self._call(
            "PATCH", str(self._configuration["configuration_endpoint"]), change
        )
        return changed

    async def poll(self, url: str, receipt: Receipt, *, max_events: int, wait: bool) -> Delivery:
        """Hand in the receipt and get the next events (RFC 8936 section 2). With `wait` the transmitter answers when
        there is an event."""
        request = {
            "maxEvents": max_events,
            "returnImmediately": not wait,
            "ack": receipt.acknowledged,
            "setErrs": receipt.errors,
        }
        answer = await self._call("POST", url, request, timeout=LONG_POLL_TIMEOUT_SECONDS)
        return Delivery(dict(answer["sets"]), bool(answer.get("moreAvailable", False)))

    async def _document(self, name: str) -> Mapping[str, Any]:
        issuer = self._account.issuer
        parts = urlsplit(issuer)
        # Well-known paths go between the host and the path of an issuer.
        response = await self._send("GET", f"{parts.scheme}://{parts.netloc}/.well-known/{name}{parts.path}")
        document: Mapping[str, Any] = _json(response)
        if document.get("issuer") != issuer:
            raise TransmitterUnavailable(f"{name} is another issuer's")
        return document

    async def _call(self, method: str, url: str, body: Any = None, timeout: float = REQUEST_TIMEOUT_SECONDS) -> Any:
        headers = {"Authorization": f"Bearer {await self._access_token()}"}
        return _json(await self._send(method, url, headers=headers, json=body, timeout=timeout))

    async def _access_token(self) -> str:
        if time.monotonic() >= self._token_deadline:
            form = {"grant_type": "client_credentials", "scope": SCOPES}
            credentials = (self._account.client_id, self._account.client_secret)
            answer = _json(await self._send("POST", self._token_endpoint, data=form, auth=credentials))
            self._token = str(answer["access_token"])
            self._token_deadline = time.monotonic() + float(answer.get("expires_in", 60)) * TOKEN_USE_SHARE
        return self._token

    async def _send(self, method: str, url: str, **options: Any) -> httpx.Response:
        try:
            response = await self._http.request(method, url, **options)
        except httpx.HTTPError as error:
            raise TransmitterUnavailable(repr(error)) from error
        if response.status_code in (401, 403):
            self._token_deadline = 0.0
        if response.status_code == 404:
            raise StreamGone(f"{method} {url} answered 404")
        if not response.is_success:
            raise TransmitterUnavailable(f"{method} {url} answered {response.status_code}: {response.text[:200]}")
        return response


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise TransmitterUnavailable(f"{response.url} did not answer with JSON") from None
