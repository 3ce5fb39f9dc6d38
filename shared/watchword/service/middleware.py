"""What happens to every request around the routes, and to every answer."""

import logging
import re
import time
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchword.errors import TooLarge
from watchword.http import problems
from watchword.lines import one_line
from watchword.observability.logs import new_request_id, request_id
from watchword.observability.tracing import note

logger = logging.getLogger("watchword.requests")

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
DEFAULT_BODY_LIMIT: Final = 1_048_576

OnAnswer = Callable[[Scope, int | None, float], None]
"""Called after each request with its scope, the status (None if there was no answer), and the seconds it took."""


class OutermostMiddleware:
    """What must be around everything else, in one layer because each layer costs every request:

    1. the request has an id, the caller's own if it is well formed: on every log line, span and answer, even a 500;
    2. HEAD is handled as GET; the server sends no body (RFC 9110 section 9.3.2);
    3. reading more than `max_body_bytes` of a body raises TooLarge;
    4. no answer is to be sniffed for another media type than it says;
    5. an exception that nothing has handled is logged and becomes a 500 that shows nothing of it;
    6. `on_answer` is called, for the metrics;
    7. the request is logged.
    """

    def __init__(
        self, app: ASGIApp, max_body_bytes: int = DEFAULT_BODY_LIMIT, on_answer: OnAnswer | None = None
    ) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._on_answer = on_answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        current_id = _id_for(scope)
        token = request_id.set(current_id)
        note("watchword.request_id", current_id)
        answer = _Answer(send, current_id)
        started = time.perf_counter()
        try:
            await self._app(scope, _limited(receive, self._max_body_bytes), answer.send)
        except Exception:
            fields = {"method": scope["method"], "path": scope["path"]}
            logger.exception("unhandled error: %s %s", scope["method"], one_line(scope["path"]), extra=fields)
            if answer.status is not None:
                raise
            await problems.internal_error()(scope, receive, answer.send)
        finally:
            seconds = time.perf_counter() - started
            if self._on_answer is not None:
                self._on_answer(scope, answer.status, seconds)
            _log(scope, answer.status, seconds)
            request_id.reset(token)


class _Answer:
    """Sends an answer on with the header fields that every answer has, and remembers its status."""

    __slots__ = ("_id", "_send", "status")

    def __init__(self, send: Send, current_id: str) -> None:
        self._send = send
        self._id = current_id.encode()
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [
                *message.get("headers", ()),
                (b"x-request-id", self._id),
                (b"x-content-type-options", b"nosniff"),
            ]
        await self._send(message)


def _id_for(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return new_request_id()


def _limited(receive: Receive, limit: int) -> Receive:
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > limit:
                raise TooLarge(f"more than {limit} bytes")
        return message

    return counting


def _log(scope: Scope, status: int | None, seconds: float) -> None:
    """Log a successful read for debugging only; a change or a refusal always."""
    is_quiet = scope["method"] in ("GET", "OPTIONS") and status is not None and status < 400
    level = logging.DEBUG if is_quiet else logging.INFO
    if logger.isEnabledFor(level):
        fields = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "milliseconds": round(seconds * 1000, 2),
        }
        shown = one_line(f"{scope['method']} {scope['path']}")
        logger.log(level, "request: %s %s in %s ms", shown, status, fields["milliseconds"], extra=fields)
