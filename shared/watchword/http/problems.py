"""Makes every refusal of an app a problem document (RFC 9457)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.websockets import WebSocket

from watchword import errors
from watchword.errors import AppError, BadRequest, Invalid
from watchword.http import openapi, sockets
from watchword.http._framework import operations, path_of
from watchword.http.problem_documents import body_with_flaws, problem_body
from watchword.http.problem_responses import problem, response

# So that the answer is not much longer than the body which it refuses.
MAX_ERRORS: Final = 100

Identify = Callable[[Request], Awaitable[AppError | None]]


class Unparsable(RequestValidationError):
    """A malformed request to a route whose protocol wants 400, not 422. The rest of the answer is the same."""


def install(app: FastAPI) -> None:
    """Make every refusal of this app a problem document, also in the OpenAPI document. A second call does nothing."""
    if AppError in app.exception_handlers:
        return
    openapi.describe(app)
    # Starlette's types know handlers of requests and handlers of WebSockets, and calls one for both.
    app.add_exception_handler(AppError, cast(Any, _on_refusal))
    app.add_exception_handler(RequestValidationError, _on_malformed)
    app.add_exception_handler(HTTPException, cast(Any, _on_http_exception))


async def _on_refusal(connection: Request | WebSocket, error: Exception) -> Response | None:
    assert isinstance(error, AppError)  # noqa: S101 - `install` registers this function for this class
    if isinstance(connection, WebSocket):
        await sockets.refuse(connection, error)
        return None
    return problem(error)


async def _on_malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    # FastAPI reads the body before it calls any guard; a caller is authenticated before their body is validated.
    if (refusal := await _guards_refusal(request)) is not None:
        return problem(refusal)
    flaws = [
        {"pointer": _pointer(item["loc"]), "code": item["type"], "detail": item["msg"]}
        for item in error.errors()[:MAX_ERRORS]
    ]
    return response(body_with_flaws(BadRequest if isinstance(error, Unparsable) else Invalid, flaws))


async def _on_http_exception(request: Request | WebSocket, error: Exception) -> Response | None:
    """Answer Starlette's own refusals: no such route, no such method, a body that cannot be read."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if isinstance(request, WebSocket):
        await sockets.refuse(request, _refusal_of(error))
        return None
    if error.status_code == 405:
        allow = ", ".join(sorted(_methods_of_path(request)))
        return response(problem_body(405, "method_not_allowed", "This method is not offered here."), {"Allow": allow})
    if error.status_code != 404 and (refusal := await _guards_refusal(request)) is not None:
        return problem(refusal)
    return problem(_refusal_of(error))


def _refusal_of(error: HTTPException) -> AppError:
    if error.status_code == 404:
        return errors.NotFound("no such route")
    # A body over the limit is refused while FastAPI reads it, and arrives here as the cause.
    return error.__cause__ if isinstance(error.__cause__, AppError) else errors.BadRequest(error.detail)


async def _guards_refusal(request: Request) -> AppError | None:
    """The refusal of the operation's guards; None if they let the caller pass, or if this app has no guards."""
    # `watchword.auth.protect` puts the function there. This package must not import it: guards are a layer above.
    identify: Identify | None = getattr(request.app.state, "identify", None)
    return await identify(request) if identify is not None else None


def _methods_of_path(request: Request) -> set[str]:
    """Every method that the path has (RFC 9110 section 10.2.1). Starlette itself names those of one route only."""
    path = path_of(request.scope)
    named = {method for operation in operations(request.app) if operation.matches(path) for method in operation.methods}
    # `watchword.service` says so of an app in which it handles HEAD as GET.
    handles_head: bool = getattr(request.app.state, "handles_head", False)
    return named | {"HEAD"} if handles_head and "GET" in named else named


def _pointer(location: Sequence[str | int]) -> str:
    """A JSON Pointer (RFC 6901). Its first step is the part of the request: body, query, path or header."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in location)
    return "/" + "/".join(steps)
