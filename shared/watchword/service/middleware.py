"""What happens to every request around the routes, and to every answer."""

import logging
import re
import time
from collections.abc import Callable
from contextvars import Token
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from watchword.http import problem_responses
from watchword.http.shortcut import PassableLayer, Shortcut
from watchword.lines import MAX_CHARACTERS, one_line
from watchword.observability.logs import new_request_id, request_id
from watchword.observability.tracing import note
from watchword.service.answer import Answer
from watchword.service.callers import ServedRequest, served_request
from watchword.service.refused_start import run_lifespan

logger = logging.getLogger("watchword.requests")

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# A path that no route has may still be a mistyped link: its token is as long as 32 bytes in base64url.
_LIKE_A_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{40,}")
DEFAULT_BODY_LIMIT: Final = 1_048_576

OnAnswer = Callable[[Scope, int | None, float], None]
"""Called after each request with its scope, the status (None if the client had gone), and the seconds it took."""

Fields = tuple[tuple[bytes, bytes], ...]
"""Header fields as ASGI has them."""

_NO_SNIFFING: Final[Fields] = ((b"x-content-type-options", b"nosniff"),)

_Tokens = tuple[Token[str | None], Token[ServedRequest | None]]

# Where the answer to a request is kept in its scope.
_ANSWER: Final = "watchword.answer"


class OutermostMiddleware:
    """What must be around everything else, in one layer because each layer costs every request:

    1. the request has an id, the caller's own if it is well formed: on every log line, span and answer, even a 500;
       what is recorded of its effects can name it and the caller's address;
    2. HEAD is handled as GET; the server sends no body (RFC 9110 section 9.3.2);
    3. reading more than `max_body_bytes` of a body raises TooLarge;
    4. every answer has the header fields `fields`, is not to be sniffed for another media type than it says and, with
       `varies_by_origin`, has `Vary: Origin`, so that no cache gives it to a page of another origin;
    5. an exception that nothing has handled is logged and becomes a 500 that shows nothing of it;
    6. a client that disconnects before it has its answer is no error, whatever was being read or sent;
    7. `on_answer` is called, for the metrics;
    8. the request is logged;
    9. a refusal to start is logged as one line.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_body_bytes: int = DEFAULT_BODY_LIMIT,
        on_answer: OnAnswer | None = None,
        fields: Fields = (),
        *,
        varies_by_origin: bool = False,
    ) -> None:
        self._app = app
        self._shortcut = Shortcut(app)
        self._max_body_bytes = max_body_bytes
        self._on_answer = on_answer
        self._fields = (*_NO_SNIFFING, *fields)
        self._varies_by_origin = varies_by_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await run_lifespan(self._app, scope, receive, send)
            else:
                await self._serve_socket(scope, receive, send)
            return
        is_without_body = scope["method"] == "HEAD"
        if is_without_body:
            scope = {**scope, "method": "GET"}
        served = _served(scope)
        current_id = served.request_id
        tokens = request_id.set(current_id), served_request.set(served)
        note("watchword.request_id", current_id)
        # Another app that has mounted this one may have an answer of its own.
        outer_answer = scope.get(_ANSWER)
        answer = scope[_ANSWER] = Answer(receive, send, self._max_body_bytes, self._with_id(current_id))
        answer.is_head = is_without_body
        answer.varies_by_origin = self._varies_by_origin
        started = time.perf_counter()
        try:
            await self._shortcut(scope, answer.receive, answer.send)
        except ClientDisconnect:
            # The server sends nothing to a client that has gone.
            answer.is_aborted = not answer.is_complete
        except Exception as error:
            await _answer_error(error, scope, answer.receive, answer.send)
        finally:
            # The answer refers to the scope by way of the server: each request would otherwise be garbage in a cycle.
            if outer_answer is None:
                del scope[_ANSWER]
            else:
                scope[_ANSWER] = outer_answer
            seconds = time.perf_counter() - started
            status = None if answer.is_aborted else answer.status
            if self._on_answer is not None:
                self._on_answer(scope, status, seconds)
            _log(scope, status, seconds)
            _end(served, tokens)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket with a request id, for its log lines and the refusal of its handshake. It is neither
        counted nor logged as a request."""
        served = _served(scope)
        tokens = request_id.set(served.request_id), served_request.set(served)
        try:
            await self._app(scope, receive, send)
        finally:
            _end(served, tokens)

    def _with_id(self, current_id: str) -> list[tuple[bytes, bytes]]:
        return [(b"x-request-id", current_id.encode()), *self._fields]


class UnhandledErrors(PassableLayer):
    """Answers an exception that nothing has handled with 500, inside all other layers: the answer has their fields.

    Without the field of the CORS layer, a page is not shown the answer. It is for an app inside OutermostMiddleware.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    @property
    def served(self) -> ASGIApp:
        return self._app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            raise
        except Exception as error:
            if scope["type"] != "http":
                raise
            await _answer_error(error, scope, receive, send)


async def _answer_error(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Log an exception that nothing has handled, and answer it, or raise it if a part of another answer is sent."""
    answer = scope[_ANSWER]
    if error is not answer.logged_error:
        answer.logged_error = error
        path = _path_without_token(scope)
        fields = {"method": scope["method"], "path": path[:MAX_CHARACTERS]}
        text = "unhandled error: %s %s"
        logger.error(text, scope["method"], one_line(path), exc_info=error, extra=fields)
    if answer.status is not None:
        raise error
    await problem_responses.internal_error()(scope, receive, send)


def is_head(scope: Scope) -> bool:
    """Whether the request is a HEAD, whose `method` says GET: a route with a long body or an effect need not begin
    them. Only for an app inside OutermostMiddleware."""
    answer: Answer = scope[_ANSWER]
    return answer.is_head


def _id_for(scope: Scope) -> str:
    request_id: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            # Neither of two is used: a proxy may have logged the other one.
            request_id = value if request_id is None else b""
    if request_id is None or not REQUEST_ID.fullmatch(request_id):
        return new_request_id()
    return str(request_id, "ascii")


def _served(scope: Scope) -> ServedRequest:
    client = scope.get("client")
    return ServedRequest(_id_for(scope), None if client is None else client[0] or None)


def _end(served: ServedRequest, tokens: _Tokens) -> None:
    served.is_over = True
    id_token, served_token = tokens
    request_id.reset(id_token)
    served_request.reset(served_token)


def _log(scope: Scope, status: int | None, seconds: float) -> None:
    """Log a successful read for debugging only; a change, a refusal or an aborted request always."""
    is_quiet = scope["method"] in ("GET", "OPTIONS") and status is not None and status < 400
    level = logging.DEBUG if is_quiet else logging.INFO
    if logger.isEnabledFor(level):
        path = _path_without_token(scope)
        fields = {
            "method": scope["method"],
            "path": path[:MAX_CHARACTERS],
            "status": status,
            "milliseconds": round(seconds * 1000, 2),
        }
        shown = one_line(f"{scope['method']} {path}")
        logger.log(level, "request: %s %s in %s ms", shown, status, fields["milliseconds"], extra=fields)


def _path_without_token(scope: Scope) -> str:
    """The path of the request, without what opens a link of a letter: the parameter `token` of its route."""
    path: str = scope["path"]
    if "route" not in scope:
        return _LIKE_A_TOKEN.sub("{token}", path)
    token = scope.get("path_params", {}).get("token")
    return path.replace(token, "{token}") if token else path
