"""A request with its answer, and a WebSocket, as the layer of open connections sees them."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Collection
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from watchword.auth.credentials import SUBPROTOCOL
from watchword.auth.errors import Flaw, InsufficientUserAuthentication, InvalidToken
from watchword.auth.open_connection import Caller, EndReason, OpenConnection
from watchword.auth.open_connections import OpenConnections
from watchword.errors import AppError, Unavailable
from watchword.http import problem_responses, sockets
from watchword.http.hot import tells_length

SIGNED_OUT_CODE: Final = 4401
"""The code with which a WebSocket is closed whose token is revoked, has expired, or counts as too weak now."""

_OTHER_CODES: Final = {EndReason.UNCHECKED: 1013, EndReason.STOPPED: 1012}

SIGNED_OUT_EVENT: Final = 'event: signed-out\ndata: {{"code":"{}"}}\n\n'
"""The last event of a stream of server-sent events whose token is revoked, has expired, or counts as too weak now. The
code is that of the refusal."""

_BETWEEN_EVENTS: Final = (b"\n\n", b"\r\r", b"\r\n\r\n")


class Exchange(ABC):
    """A request or a WebSocket. It is an open connection from when it is known to go on until it is closed.

    It is made by the task that serves it. `callers` has one entry for each guard that it has passed, and one caller,
    since there is one token.
    """

    __slots__ = ("_connections", "_is_closed", "_is_started", "_opened", "_receive", "_send", "_task", "callers")

    def __init__(self, connections: OpenConnections, receive: Receive, send: Send) -> None:
        self._connections = connections
        self._receive = receive
        self._send = send
        # The one that waits for the app. What is sent can come from another one, whose end the app need not notice.
        self._task = asyncio.current_task()
        self._opened: OpenConnection | None = None
        self._is_started = False
        self._is_closed = False
        self.callers: list[Caller] = []

    @property
    def end_reason(self) -> EndReason | None:
        """Why it has been ended from outside, if it has."""
        return None if self._opened is None else self._opened.end_reason

    @abstractmethod
    async def receive(self) -> Message:
        """What the app gets from the client."""

    @abstractmethod
    def send(self, message: Message) -> Awaitable[None]:
        """Send what the app sends. Raises ConnectionEnded after the end of an open connection."""

    @abstractmethod
    async def finish(self, end_reason: EndReason, scope: Scope) -> None:
        """Send what comes last after such an end."""

    def _refusal(self, end_reason: EndReason) -> AppError:
        """The error that says to the client why it has been ended."""
        acr = None if self._opened is None else self._opened.required_acr()
        return _refusal_of(end_reason, acr)

    def close(self) -> None:
        """Forget the connection: nothing more is sent or received."""
        if self._opened is not None and not self._is_closed:
            self._connections.discard(self._opened)
        self._is_closed = True

    def _checked(self) -> OpenConnection | None:
        """The open connection whose end everything has to be checked for; None if no guard has let its caller pass, and
        after it was closed by the app or the client."""
        if self._opened is None and self.callers and not self._is_closed:
            self._opened = self._connections.add(self.callers, self._task)
        return None if self._is_closed and self.end_reason is None else self._opened


class HttpExchange(Exchange):
    """A request, whose answer is an open connection if it is sent in parts, or does not say how long it will be."""

    __slots__ = ("_has_length", "_is_complete", "_tail")

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            # What the app does now is cleaning up, which must not be cancelled.
            self.close()
        return message

    def send(self, message: Message) -> Awaitable[None]:
        if self._opened is None:
            if not self.callers or not _goes_on(message):
                return self._send(message)
            # If parts are what shows that it goes on, its head has been sent, with the length of the whole.
            self._has_length = self._is_started = message["type"] == "http.response.body"
            self._is_complete = False
            self._tail: bytes | None = None
        opened = self._checked()
        return self._send(message) if opened is None else self._send_part(opened, message)

    async def finish(self, end_reason: EndReason, scope: Scope) -> None:
        if not self._is_started:
            await problem_responses.problem(self._refusal(end_reason))(scope, self._receive, self._send)
        elif not (self._is_complete or self._has_length):
            # An answer that has a length is cut off by the server when the app returns.
            is_told = self._is_between_events() and end_reason not in _OTHER_CODES
            last = SIGNED_OUT_EVENT.format(self._refusal(end_reason).code) if is_told else ""
            await self._send({"type": "http.response.body", "body": last.encode(), "more_body": False})

    async def _send_part(self, opened: OpenConnection, message: Message) -> None:
        await self._connections.ensure_open(opened)
        await self._send(message)
        if message["type"] == "http.response.start":
            self._is_started = True
            self._tail = _BETWEEN_EVENTS[0] if _is_event_stream(message) else None
        elif message["type"] == "http.response.body":
            if self._tail is not None:
                self._tail = (self._tail + bytes(message.get("body", b"")[-4:]))[-4:]
            if not message.get("more_body", False):
                self._is_complete = True
                self.close()

    def _is_between_events(self) -> bool:
        """Whether another event may follow what has been sent; a half event is dropped by the client."""
        return self._tail is not None and self._tail.endswith(_BETWEEN_EVENTS)


class SocketExchange(Exchange):
    """A WebSocket, which is an open connection as soon as it is accepted and a guard has let its caller pass."""

    __slots__ = ("_offered", "_unread")

    def __init__(self, connections: OpenConnections, receive: Receive, send: Send, offered: Collection[str]) -> None:
        super().__init__(connections, receive, send)
        self._offered = offered
        self._unread: Message | None = None

    async def receive(self) -> Message:
        opened = self._checked() if self._is_started else None
        if opened is not None and opened.end_reason is not None:
            # The app has swallowed its cancellation, and the client may never send anything again.
            await self._connections.ensure_open(opened)
        message, self._unread = self._unread or await self._receive(), None
        if message["type"] == "websocket.disconnect":
            self.close()
        elif opened is not None:
            try:
                await self._connections.ensure_open(opened, is_write=True)
            except asyncio.CancelledError:
                # An app that gives up waiting while the message is held gets it the next time.
                self._unread = message
                raise
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            await self._accept(message)
            return
        opened = self._checked() if self._is_started else None
        if message["type"] != "websocket.close":
            if opened is not None:
                await self._connections.ensure_open(opened)
            await self._send(message)
        elif self.end_reason is None:
            self.close()
            await self._send(message)

    async def finish(self, end_reason: EndReason, scope: Scope) -> None:
        if self._is_started:
            code = _OTHER_CODES.get(end_reason, SIGNED_OUT_CODE)
            await self._send({"type": "websocket.close", "code": code, "reason": self._refusal(end_reason).code})
        else:
            await sockets.denial(scope, self._refusal(end_reason))(scope, self._receive, self._send)

    async def _accept(self, message: Message) -> None:
        if SUBPROTOCOL in self._offered and not message.get("subprotocol"):
            # A browser closes a WebSocket whose server takes none of the subprotocols that it offers.
            message = {**message, "subprotocol": SUBPROTOCOL}
        if (opened := self._checked()) is not None:
            await self._connections.ensure_open(opened)
        await self._send(message)
        self._is_started = True


def _goes_on(message: Message) -> bool:
    """Whether this part of an answer is the head of one without a length, or a part that another one follows."""
    if message["type"] != "http.response.start":
        return bool(message.get("more_body", False))
    return not tells_length(message["status"], message.get("headers", ()))


def _is_event_stream(head: Message) -> bool:
    fields = dict(head.get("headers", ()))
    return fields.get(b"content-type", b"").startswith(b"text/event-stream") and b"content-encoding" not in fields


def _refusal_of(end_reason: EndReason, required_acr: str | None) -> AppError:
    match end_reason:
        case EndReason.REVOKED:
            return InvalidToken(end_reason, Flaw.REVOKED)
        case EndReason.LOWERED:
            return InsufficientUserAuthentication(end_reason, acr=required_acr)
        case EndReason.UNSIGNED:
            return InvalidToken(end_reason, Flaw.KEY)
        case EndReason.EXPIRED:
            return InvalidToken(end_reason, Flaw.EXPIRED)
        case EndReason.UNCHECKED | EndReason.STOPPED:
            return Unavailable(end_reason)
