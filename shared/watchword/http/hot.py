"""The innermost layer of an app, which answers the well-formed requests to its hot routes."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchword.http._framework import HANDLERS, TELEMETRY, Handlers, handlers_of, path_of, raising, with_handlers
from watchword.http._hot_table import HotOperation, HotTable

ATTEMPT: Final = "watchword.attempt"
"""Where a scope has the result of `HotRoutes.attempt`, if a layer further outside has called it for this request."""

WHOLE: Final = "watchword.is_whole"
"""A member of the message with the head of an answer. If it is there, the whole body follows in the next message, and a
server may write both together; a server that does not know this member ignores it."""

_BODILESS_STATUSES: Final = (204, 304)


def install(app: FastAPI) -> None:
    """Answer the app's hot routes by their plans. Call it again if a layer is appended after it."""
    layers: list[Any] = app.user_middleware
    layers[:] = [*(layer for layer in layers if layer.cls is not HotRoutes), Middleware(HotRoutes, app)]


class HotRoutes:
    """Answers a well-formed request to a hot route of the app, and leaves every other one to the layers inside.

    Those are Starlette's, which calls the handlers of errors, and FastAPI's; a layer of the app's own that is further
    inside than this one would be passed over, so it turns this one off.
    """

    def __init__(self, served: ASGIApp, app: FastAPI) -> None:
        self._served = served
        self._app = app
        self._handlers: Handlers | None = None
        self._table: HotTable | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._served(scope, receive, send)
            return
        attempt: Response | Attempt | None = scope.pop(ATTEMPT, None)
        if attempt is None:
            attempt = await self.attempt(scope, receive, send)
            receive = attempt.receive if isinstance(attempt, Attempt) else receive
        if isinstance(attempt, Response):
            await send_whole(attempt, send)
        elif attempt is None or attempt.outcome is None:
            # FastAPI answers what is not planned, and finds out again what is wrong with a malformed request.
            await self._served(scope, receive, send)
        else:
            # Errors of the app's own code go to its handlers.
            scope[HANDLERS] = self._handlers
            await with_handlers(attempt.outcome, attempt.request)(scope, receive, send)

    async def attempt(self, scope: Scope, receive: Receive, send: Send) -> "Response | Attempt | None":
        """Call the dependencies and the endpoint that are planned for this request, and send nothing.

        Returns the response if `send_whole` can send it, and otherwise an Attempt that says how to go on; None if
        nothing is planned for the request.
        """
        match = self._find(scope)
        if match is None:
            return None
        operation, path_params = match
        plan = operation.plan
        buffer = MessageBuffer(receive) if plan.reads_body else None
        request = plan.request(scope, receive if buffer is None else buffer.receive, send)
        try:
            arguments = plan.arguments(request, path_params)
            if buffer is not None:
                await plan.read_body(request, arguments)
                buffer.clear()
        except Exception:
            return Attempt(request, None, receive if buffer is None else buffer.receive_again)
        self._record_route(scope, operation, path_params)
        try:
            response = await plan.response(arguments)
        except Exception as error:
            return Attempt(request, raising(error), receive)
        return response if is_whole(response) else Attempt(request, response, receive)

    def _find(self, scope: Scope) -> tuple[HotOperation, dict[str, Any]] | None:
        """The operation with a plan that is to be answered by it, and its path parameters."""
        table = self._table
        if table is None or not table.is_current():
            # Not before the first request: until then, an app can put layers around its router.
            self._handlers = handlers_of(self._served, self._app.router)
            table = self._table = HotTable(self._app)
        if self._handlers is None:
            return None
        match = table.find(scope["method"], path_of(scope))
        if match is None or TELEMETRY in scope or match[0].has_overrides():
            return None
        return match

    def _record_route(self, scope: Scope, operation: HotOperation, path_params: dict[str, Any]) -> None:
        """Record in the scope how the request was routed, as FastAPI does."""
        scope.setdefault("router", self._app.router)
        scope["endpoint"] = operation.endpoint
        scope["route"] = operation.route
        # The path at which another app has mounted this one may have parameters too.
        outer: dict[str, Any] | None = scope.get("path_params")
        scope["path_params"] = {**outer, **path_params} if outer else path_params


class Attempt:
    """What the plan of a request has led to, if that is not a whole response.

    `outcome` is a response of another kind, or an app that raises the error of a call; None if the request is malformed
    and nothing was called. Whatever handles the request after that receives its body by `receive`.
    """

    __slots__ = ("outcome", "receive", "request")

    def __init__(self, request: Request, outcome: ASGIApp | None, receive: Receive) -> None:
        self.request = request
        self.outcome = outcome
        self.receive = receive


async def send_whole(response: Response, send: Send) -> None:
    """Send a response as Starlette does, with the member WHOLE in the head. `is_whole` must be true of it."""
    await send(
        {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
            WHOLE: True,
        }
    )
    await send({"type": "http.response.body", "body": response.body})


def is_whole(response: Response) -> bool:
    """Whether sending a response takes two messages and calls no code of the app's own, and its head says how long its
    body is."""
    if type(response).__call__ is not Response.__call__ or response.background is not None:
        return False
    return tells_length(response.status_code, response.raw_headers)


def tells_length(status: int, fields: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the head of an answer says how long its body is. An answer with 204 or 304 has none (RFC 9112 section
    6.3)."""
    for name, _ in fields:
        if name == b"content-length":
            return True
    return status in _BODILESS_STATUSES


class MessageBuffer:
    """Keeps the messages of a request that have been received, so that they can be received again."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._messages: deque[Message | Exception] = deque()

    async def receive(self) -> Message:
        """The next message, which is kept; so is an error."""
        try:
            message = await self._receive()
        except Exception as error:
            self._messages.append(error)
            raise
        self._messages.append(message)
        return message

    async def receive_again(self) -> Message:
        """The messages and errors that were kept, in their order, and then those that follow."""
        if not self._messages:
            return await self._receive()
        item = self._messages.popleft()
        if isinstance(item, Exception):
            raise item
        return item

    def clear(self) -> None:
        """Drop the messages that were kept: nothing receives them again."""
        self._messages.clear()
