"""The receiver's side of HTTP: discovery, stream and poll of an SSF 1.0 transmitter."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx

from watchword.auth.jws import instant_or_none
from watchword.events.authorized_calls import AuthorizedCalls, CachedToken, TransmitterAccount
from watchword.events.documents import Document
from watchword.events.errors import TransmitterUnavailable
from watchword.events.types import supported_by
from watchword.lines import one_line

logger = logging.getLogger("watchword.events")

POLL_DELIVERY: Final = "urn:ietf:rfc:8936"
POLL_TIMEOUT_SECONDS: Final = 2.0
"""A transmitter that holds a poll for at most a second, as Watchword's does, has then one more for its answer."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Where to poll, and the `aud` of the events that come. `id` names the stream to its transmitter."""

    url: str
    audience: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What a transmitter says about a stream, with its reason if it gives one, and the URL at which it says so."""

    text: str
    reason: str
    endpoint: str


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
    """What a poll brought: tokens by their `jti`, and whether the transmitter has more at once. `sent_at` is what its
    clock showed when it answered, in seconds since 1970, if it says so: a member of our own."""

    tokens: dict[str, Any]
    has_more: bool
    sent_at: float | None = None


class TransmitterClient:
    """Any SSF 1.0 transmitter with RFC 6749 authorization. Every method raises TransmitterUnavailable, whose reason
    names what is missing or wrong; ClientRefused if the issuer refuses the account."""

    def __init__(self, http: httpx.AsyncClient, account: TransmitterAccount, token: CachedToken | None = None) -> None:
        self._issuer = account.issuer
        self._calls = AuthorizedCalls(http, account, token or CachedToken())
        self._configuration_endpoint = ""
        self._status_endpoint = ""

    async def discover(self) -> str:
        """Read the discovery documents (SSF 1.0 section 7, RFC 8414); the URL of the keys that sign the events."""
        # Most members of the two documents are optional; receiving needs three.
        configuration = await self._document("ssf-configuration")
        self._configuration_endpoint = configuration.url("configuration_endpoint", self._issuer)
        keys = configuration.url("jwks_uri", self._issuer)
        with suppress(TransmitterUnavailable):
            # It may be missing, and one that cannot be used keeps no event away.
            self._status_endpoint = configuration.url("status_endpoint", self._issuer)
        server = await self._document("oauth-authorization-server")
        self._calls.token_endpoint = server.url("token_endpoint", self._issuer)
        return keys

    async def find_or_create_stream(self, further_types: Sequence[str] = ()) -> Stream:
        """This receiver's durable stream with poll delivery; a stream is created if there is none.

        It is asked for every type that the library knows, and for `further_types`.
        """
        event_types = self._event_types(further_types)
        answer = await self._calls.call("GET", self._configuration_endpoint)
        streams = [stream for stream in _streams(answer) if _is_polled(stream) and not _is_of_one_process(stream)]
        if streams:
            stream = await self._with_events(Document("the stream", streams[0]), event_types)
        else:
            stream = await self._create_stream(event_types)
        stream_id = stream.find("stream_id")
        return self._as_stream(stream, stream_id if isinstance(stream_id, str) else "")

    async def create_lapsing_stream(self, description: str, seconds: int, further_types: Sequence[str] = ()) -> Stream:
        """A stream of one process, which lapses after so many seconds without a poll. It is asked for the same types as
        that of `find_or_create_stream`."""
        members = {"inactivity_timeout": seconds, "description": description}
        stream = await self._create_stream(self._event_types(further_types), **members)
        if stream.find("inactivity_timeout") is None:
            logger.warning(
                "the transmitter makes no streams that lapse, so it may not repeat in a new one what was revoked before"
            )
        return self._as_stream(stream, stream.text("stream_id"))

    async def streams_described(self, description: str) -> list[str]:
        """The ids of this receiver's streams with this description."""
        streams = _streams(await self._calls.call("GET", self._configuration_endpoint))
        own = [stream for stream in streams if isinstance(stream, dict) and stream.get("description") == description]
        return [Document("the stream", stream).text("stream_id") for stream in own]

    async def status(self, stream: Stream) -> Status | None:
        """The status of the stream (SSF 1.0 section 8.1.2.1); None if the transmitter tells of none."""
        if not self._status_endpoint or not stream.id:
            return None
        url = f"{self._status_endpoint}?{urlencode({'stream_id': stream.id})}"
        answer = Document("the status of the stream", await self._calls.call("GET", url))
        reason = answer.find("reason")
        return Status(answer.text("status"), reason if isinstance(reason, str) else "", self._status_endpoint)

    async def delete_stream(self, stream_id: str) -> None:
        """Raises StreamGone if the transmitter does not know it."""
        await self._calls.call("DELETE", f"{self._configuration_endpoint}?{urlencode({'stream_id': stream_id})}")

    async def poll(self, url: str, receipt: Receipt, *, max_events: int, wait: bool) -> Delivery:
        """Hand in the receipt and get the next events (RFC 8936 section 2). With `wait` the transmitter answers when
        there is an event. Events beyond `max_events` are left out, and delivered again."""
        request = {
            "maxEvents": max_events,
            "returnImmediately": not wait,
            "ack": receipt.acknowledged,
            "setErrs": receipt.errors,
        }
        body = await self._calls.call("POST", url, request, timeout=POLL_TIMEOUT_SECONDS)
        answer = Document("the answer to the poll", body)
        tokens = answer.items("sets")
        has_more = answer.find("moreAvailable") is True or len(tokens) > max_events
        return Delivery(dict(islice(tokens.items(), max_events)), has_more, instant_or_none(answer.find("sent_at")))

    def _event_types(self, further_types: Sequence[str]) -> list[str]:
        return list(dict.fromkeys((*supported_by(self._issuer), *further_types)))

    async def _create_stream(self, event_types: Sequence[str], **members: Any) -> Document:
        request = {"delivery": {"method": POLL_DELIVERY}, "events_requested": event_types, **members}
        return Document("the stream", await self._calls.call("POST", self._configuration_endpoint, request))

    def _as_stream(self, stream: Document, stream_id: str = "") -> Stream:
        url = stream.object("delivery").url("endpoint_url", self._issuer)
        return Stream(url, stream.texts("aud")[0], stream_id)

    async def _with_events(self, stream: Document, event_types: Sequence[str]) -> Document:
        """The stream after it was asked for the events that it lacks and the transmitter supports. It keeps what a
        later release of this service may have asked for."""
        requested, supported = stream.find("events_requested"), stream.find("events_supported")
        if not isinstance(requested, list) or not isinstance(supported, list):
            return stream
        missing = [kind for kind in event_types if kind in supported and kind not in requested]
        if not missing:
            return stream
        change = {"stream_id": stream.text("stream_id"), "events_requested": [*requested, *missing]}
        try:
            return Document("the stream", await self._calls.call("PATCH", self._configuration_endpoint, change))
        except TransmitterUnavailable as error:
            # Receiving less is better than receiving nothing.
            logger.warning("the stream does not deliver %s: %s", ", ".join(missing), one_line(str(error)))
            return stream

    async def _document(self, name: str) -> Document:
        # Well-known paths go between the host and the path of an issuer.
        parts = urlsplit(self._issuer)
        url = f"{parts.scheme}://{parts.netloc}/.well-known/{name}{parts.path.rstrip('/')}"
        document = await self._calls.document(f"the document {name}", url)
        if (issuer := document.text("issuer")) != self._issuer:
            raise TransmitterUnavailable(
                f"{document.name} is another issuer's: {one_line(issuer)}, and the one configured is {self._issuer}"
            )
        return document


def _streams(answer: object) -> list[object]:
    """Those of a receiver, as its transmitter lists them, or the only one (SSF 1.0 section 8.1.1.2)."""
    return answer if isinstance(answer, list) else [answer]


def _is_polled(stream: object) -> bool:
    delivery = stream.get("delivery") if isinstance(stream, dict) else None
    return isinstance(delivery, dict) and delivery.get("method") == POLL_DELIVERY


def _is_of_one_process(stream: Any) -> bool:
    """Whether it was made by `create_lapsing_stream`: another process polls it. A transmitter may give each stream an
    `inactivity_timeout`, but a durable one that was made here has no description."""
    return stream.get("inactivity_timeout") is not None and bool(stream.get("description"))
