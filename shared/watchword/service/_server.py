"""Everything that uses private names of uvicorn, in one file, because an upgrade of uvicorn may take them away."""

import asyncio
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from watchword.http.hot import WHOLE
from watchword.service.networks import peer_address


class ServerProtocol(HttpToolsProtocol):
    """uvicorn's connection, with names for what it keeps to itself, and the address of its peer in its usual form.

    A WebSocket has the address as the socket writes it, unless a trusted proxy names its caller.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.app = WholeAnswers(self.app)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            # Proxies are trusted, and sessions recorded, by this address.
            self.client = (peer_address(self.client[0]), self.client[1])

    def handle_websocket_upgrade(self) -> None:
        """Give the connection to the library for WebSockets, and still hear when it is lost and when it is read."""
        super().handle_websocket_upgrade()
        library = self.transport.get_protocol()
        _also_call(library, "connection_lost", lambda _: self.on_socket_lost())
        _also_call(library, "resume_writing", self.on_socket_drained)

    def on_socket_lost(self) -> None: ...

    def on_socket_drained(self) -> None:
        """The client has read most of what was waiting for it."""

    def accepts_upgrade(self) -> bool:
        """Whether the request asks for a WebSocket, and this server has a library for it."""
        return self._should_upgrade()


def _also_call(protocol: Any, name: str, function: Callable[..., None]) -> None:
    """Call `function` before each call of this method of an object."""
    method = getattr(protocol, name)

    def call(*arguments: Any) -> None:
        function(*arguments)
        method(*arguments)

    setattr(protocol, name, call)


class WholeAnswers:
    """Writes the head and the body of an answer together if the head has the member WHOLE."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cycle = getattr(send, "__self__", None)
        if not isinstance(cycle, RequestResponseCycle):
            await self._app(scope, receive, send)
            return
        sender = _Sender(cycle)
        try:
            await self._app(scope, receive, sender.send)
        finally:
            if sender.head is not None:
                # A layer of the app has failed between head and body: the client gets what the app has sent.
                await send(sender.head)


class _Sender:
    """Sends the answer to one request. The head of a whole answer is kept until its body is there.

    `cycle`, uvicorn's object for one request and its answer, sends every other answer, and refuses what is not valid.
    `head` is the message with the head that is kept now.
    """

    __slots__ = ("_cycle", "head")

    def __init__(self, cycle: Any) -> None:
        self._cycle = cycle
        self.head: Message | None = None

    async def send(self, message: Message) -> None:
        head, self.head = self.head, None
        if head is None:
            if message["type"] == "http.response.start" and WHOLE in message:
                self.head = message
                return
        elif self._may_write(message) and (answer := self._as_bytes(head, message.get("body", b""))) is not None:
            self._write(answer)
            return
        else:
            await self._cycle.send(head)
        await self._cycle.send(message)

    def _may_write(self, message: Message) -> bool:
        """Whether this message completes the answer, and uvicorn would do nothing but write it."""
        cycle = self._cycle
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        is_usual = cycle.keep_alive and not cycle.access_log and cycle.scope["method"] != "HEAD"
        if not _keeps_connection(cycle.scope["headers"]):
            return False
        return is_last and is_usual and not (cycle.response_started or cycle.disconnected or cycle.flow.write_paused)

    def _as_bytes(self, head: Message, body: bytes) -> bytes | None:
        """The answer as it is sent; None if uvicorn would add a field to it, or refuse it."""
        try:
            return self._joined(head, body)
        except (KeyError, TypeError, ValueError):
            # uvicorn meets the same error when it sends the answer.
            return None

    def _joined(self, head: Message, body: bytes) -> bytes | None:
        """Head and body, joined as they are sent; None if uvicorn would add a field or refuse one.

        Raises KeyError for an unknown status, TypeError or ValueError for a field that is no pair of bytes.
        """
        parts, values, length = [STATUS_LINE[head["status"]]], [], None
        for name, value in (*self._cycle.default_headers, *head["headers"]):
            if not _is_plain(name) or (name == b"content-length" and length is not None):
                return None
            if name == b"content-length":
                length = value
            values.append(value)
            parts += (name, b": ", value, b"\r\n")
        if length != b"%d" % len(body) or HEADER_VALUE_RE.search(b"".join(values)):
            return None
        parts += (b"\r\n", body)
        return b"".join(parts)

    def _write(self, answer: bytes) -> None:
        """Write a whole answer, and leave the cycle as uvicorn leaves it after the last part of an answer."""
        cycle = self._cycle
        cycle.response_started = True
        cycle.waiting_for_100_continue = False
        cycle.transport.write(answer)
        cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()


def _keeps_connection(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request with these fields leaves the connection open. uvicorn before 0.53 sees that it does not only
    when it sends the head."""
    for name, value in fields:  # noqa: SIM110 - a generator would cost more than the few fields that a loop looks at
        if name == b"connection" and value.lower() != b"keep-alive":
            return False
    return True


@lru_cache(256)
def _is_plain(name: bytes) -> bool:
    """Whether this name of a header field is valid, in lower case, and none of the two by which uvicorn keeps or closes
    the connection."""
    return HEADER_RE.search(name) is None and name == name.lower() and name not in (b"connection", b"transfer-encoding")
