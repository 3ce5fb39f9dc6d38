"""What is checked of a request before an app sees it, and how much of it is kept beside its body.

uvicorn with httptools keeps a head of any length, takes trailers for header fields, and accepts a request without Host.
"""

import re
from typing import Final, NamedTuple

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from watchword.http import problem_responses
from watchword.observability.logs import new_request_id, request_id
from watchword.service._server import ServerProtocol

MAX_HEAD_BYTES: Final = 65_536

# Each field costs several objects, and every look-up of a field passes over all of them.
MAX_FIELDS: Final = 200

# What the library for WebSockets reads is 128 fields, and 8 KiB of a line with what frames it.
MAX_HANDSHAKE_LINES: Final = 120
MAX_HANDSHAKE_LINE_BYTES: Final = 8_160

# Requests that a client sends before it has the answer to the one before; each is kept until its turn.
MAX_PIPELINED: Final = 32

# Fields that a request has at most once, and of which two readers may take different ones.
_SINGLE: Final = frozenset({b"host", b"content-type", b"origin"})

# RFC 9110 section 7.2: a host, which may be empty (RFC 3986 section 3.2.2), and perhaps a port; no comma, which could
# separate two, and no apostrophe.
_HOST: Final = re.compile(rb"(?:\[[0-9A-Za-z:.]+\]|(?:[A-Za-z0-9._~!$&()*+;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?")


class Refusal(NamedTuple):
    """Why a request is refused before an app sees it. `detail` is fit for strangers."""

    status: int
    code: str
    detail: str


class HeadRefused(Exception):
    """Ends the parsing of a request whose head is refused."""


MALFORMED: Final = Refusal(400, "malformed_request", "The request is not valid HTTP.")
TOO_LONG: Final = Refusal(431, "head_too_long", "The request head is too long, or has too many fields.")
TOO_MANY: Final = Refusal(400, "too_many_pipelined", "Too many requests wait for an answer on this connection.")
HOST: Final = Refusal(400, "invalid_host", "The request must have exactly one valid Host field.")
REPEATED: Final = Refusal(400, "repeated_field", "A header field that may occur once occurs twice.")
CODING: Final = Refusal(501, "unsupported_coding", "The only transfer coding here is chunked, in HTTP/1.1.")
TUNNEL: Final = Refusal(501, "unsupported_method", "This server opens no tunnels.")
VERSION: Final = Refusal(505, "unsupported_version", "The versions of HTTP that this server speaks are 1.1 and 1.0.")


class CheckedRequests(ServerProtocol):
    """A connection whose requests are refused if their head is ambiguous, or if they bring too much beside their body.

    At most 64 KiB of a message may be something else than its body and the framing of its chunks: its head, its
    trailers, chunk extensions. What arrives in one read may go beyond that before it is counted. Trailers are dropped
    (RFC 9110 section 6.5.1).
    """

    _in_head = False
    _in_body = False
    _read_bytes = 0
    _first_read_bytes = 0
    _beside_body = 0
    _chunk_bytes = 0
    _refusal: Refusal | None = None
    _is_upgrade_ignored = False
    _is_next_due = False

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._read_bytes = len(data)
        self._beside_body += self._read_bytes
        self._parse(data)
        if self._beside_body > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.refuse(TOO_LONG)

    def _parse(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserError:
                self.refuse(self._refusal or MALFORMED)
            except httptools.HttpParserUpgrade as upgrade:
                if self._is_upgrade_ignored:
                    # The parser takes what follows for another protocol. It is the body, or the next request.
                    data = self._head_without_upgrade() + data[upgrade.args[0] :]
                    # The old one reads nothing more if the head says `Connection: close`.
                    self.parser = httptools.HttpRequestParser(self)
                    self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                    continue
                self.handle_websocket_upgrade()
            return

    def _head_without_upgrade(self) -> bytes:
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        fields = [field for field in self.headers if field[0] != b"upgrade"]
        return b"".join([b"%s %s HTTP/%s\r\n" % (method, self.url, version), *_lines(fields), b"\r\n"])

    def on_message_begin(self) -> None:
        self._in_head, self._in_body, self._beside_body, self._chunk_bytes = True, False, 0, 0
        self._first_read_bytes = self._read_bytes
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._refusal = self._refusal_of_head()
        if self._refusal is not None:
            raise HeadRefused(self._refusal.detail)
        is_upgrade = self.parser.should_upgrade()
        # RFC 9110 section 7.8: an upgrade may be ignored.
        self._is_upgrade_ignored = is_upgrade and not (self.accepts_upgrade() and self._is_handshake())
        if self._is_upgrade_ignored:
            return
        if is_upgrade and self._is_too_long_for_handshake():
            self._refusal = TOO_LONG
            raise HeadRefused(self._refusal.detail)
        super().on_headers_complete()
        self._in_head, self._in_body = False, True
        if not is_upgrade:
            # The app has the fields in its scope. What follows are trailers, for which uvicorn has no other place.
            self.headers = []

    def on_body(self, body: bytes) -> None:
        self._beside_body -= len(body)
        self._chunk_bytes += len(body)
        super().on_body(body)

    def on_chunk_complete(self) -> None:
        # The length in hexadecimal digits, and two ends of a line.
        self._beside_body -= len(f"{self._chunk_bytes:x}") + 4
        self._chunk_bytes = 0

    def on_message_complete(self) -> None:
        if not self._is_upgrade_ignored:
            self._in_body = False
            super().on_message_complete()

    def on_response_complete(self) -> None:
        if self.flow.write_paused:
            # The next answer is not made before the client has read most of this one.
            self._is_next_due = True
            self.flow.pause_reading()
        elif self.pipeline:
            super().on_response_complete()
            if self.pipeline:
                # uvicorn reads on; what it read would wait in memory.
                self.flow.pause_reading()
        else:
            # uvicorn would set a timer for the idle connection. BoundedConnection has this limit without one.
            self.server_state.total_requests += 1
            self.flow.resume_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._is_next_due:
            self._is_next_due = False
            self.on_response_complete()

    def refuse(self, refusal: Refusal) -> None:
        """Answer the request that is arriving, if no other answer is due before, and close the connection."""
        if self._may_answer():
            self.transport.write(self._answer(refusal))
        if self._in_body:
            # The app that reads this body is told that there is no more, and must send nothing after this answer.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _may_answer(self) -> bool:
        if self._in_body:
            return not self.cycle.response_started and not self.pipeline
        return self._is_answered()

    def _is_answered(self) -> bool:
        """Whether the request that has arrived last, if there was one, has its whole answer."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def _answer(self, refusal: Refusal) -> bytes:
        token = request_id.set(new_request_id())
        try:
            document = problem_responses.refusal(refusal.status, refusal.code, refusal.detail)
            fields = [*self.server_state.default_headers, *document.raw_headers, *_closing_fields()]
        finally:
            request_id.reset(token)
        return b"".join([STATUS_LINE[refusal.status], *_lines(fields), b"\r\n", bytes(document.body)])

    def _is_handshake(self) -> bool:
        """Whether this is the handshake of a WebSocket (RFC 6455 section 4.1). What only resembles one is an ordinary
        request: the library for WebSockets would neither answer it nor close the connection."""
        names = [name for name, _ in self.headers]
        is_whole = self.parser.get_method() == b"GET" and self.parser.get_http_version() == "1.1"
        has_body = b"content-length" in names or b"transfer-encoding" in names
        return is_whole and not has_body and names.count(b"sec-websocket-key") == 1

    def _is_too_long_for_handshake(self) -> bool:
        """Whether the library for WebSockets would take this handshake for too long, which it would not answer."""
        lines = [self.url, *(name + value for name, value in self.headers)]
        return len(lines) > MAX_HANDSHAKE_LINES or max(map(len, lines)) > MAX_HANDSHAKE_LINE_BYTES

    def _refusal_of_head(self) -> Refusal | None:
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            return VERSION
        if self.parser.get_method() == b"CONNECT":
            return TUNNEL
        # The read in which the head began is not counted in `_beside_body`, because other messages may be in it.
        may_be_long = self._first_read_bytes + self._beside_body > MAX_HEAD_BYTES
        if len(self.headers) > MAX_FIELDS or (may_be_long and self._is_long()):
            return TOO_LONG
        if len(self.pipeline) >= MAX_PIPELINED:
            return TOO_MANY
        return _refusal_of_fields(self.headers, version)

    def _is_long(self) -> bool:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > MAX_HEAD_BYTES


def _refusal_of_fields(fields: list[tuple[bytes, bytes]], version: str) -> Refusal | None:
    host = None
    seen: set[bytes] = set()
    for name, value in fields:
        if name in _SINGLE:
            if name in seen:
                return HOST if name == b"host" else REPEATED
            seen.add(name)
            if name == b"host":
                host = value
        elif name == b"transfer-encoding" and (version == "1.0" or value.strip().lower() != b"chunked"):
            return CODING
    if host is None:
        return HOST if version == "1.1" else None
    return None if _HOST.fullmatch(host.strip(b" \t")) else HOST


def _closing_fields() -> list[tuple[bytes, bytes]]:
    own_id = (request_id.get() or "").encode()
    return [(b"connection", b"close"), (b"x-request-id", own_id), (b"x-content-type-options", b"nosniff")]


def _lines(fields: list[tuple[bytes, bytes]]) -> list[bytes]:
    return [b"%s: %s\r\n" % field for field in fields]
