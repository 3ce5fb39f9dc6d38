"""What happens to every request before any route sees it: an id, a limit on its body, one line in the log."""

import logging
import re
import time
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchword.errors import TooLarge
from watchword.http import problems
from watchword.observability.logs import new_request_id, request_id
from watchword.observability.tracing import note

logger = logging.getLogger("watchword.requests")

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
DEFAULT_BODY_LIMIT: Final = 1_048_576

Answered = Callable[[Scope, int | None, float], None]
"""Told of each request when it is over: its status, None where it got no answer, and the seconds it took."""


class RequestContext:
    """Pure ASGI, outermost: the id is there for every log line and on every answer, even a 500."""

    def __init__(self, app: ASGIApp, max_body_size: int = DEFAULT_BODY_LIMIT, answered: Answered | None = None) -> None:
        self._app = app
        self._max_body_size = max_body_size
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            # Answered as GET is; the server leaves the body away (RFC 9110 section 9.3.2).
            scope = {**scope, "method": "GET"}
        current = _id_for(scope)
        token = request_id.set(current)
        note("watchword.request_id", current)
        answer = _Answer(send, current)
        started_at = time.perf_counter()
        try:
            await self._app(scope, _limited(receive, self._max_body_size), answer.send)
        except Exception:
            logger.exception("unhandled error", extra={"method": scope["method"], "path": scope["path"]})
            if answer.status is not None:
                raise
            await problems.internal_error()(scope, receive, answer.send)
        finally:
            seconds = time.perf_counter() - started_at
            if self._answered is not None:
                self._answered(scope, answer.status, seconds)
            _log(scope, answer.status, seconds)
            request_id.reset(token)


class _Answer:
    """Adds the request id to the header of an answer and remembers its status."""

    __slots__ = ("_id", "_send", "status")

    def __init__(self, send: Send, current: str) -> None:
        self._send = send
        self._id = current.encode()
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
    """A successful read is worth a line only when debugging; a change or a refusal always is."""
    quiet = scope["method"] in ("GET", "HEAD", "OPTIONS") and status is not None and status < 400
    level = logging.DEBUG if quiet else logging.INFO
    if logger.isEnabledFor(level):
        fields = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "milliseconds": round(seconds * 1000, 2),
        }
        logger.log(level, "request", extra=fields)
