"""Makes every refusal of an app a problem document (RFC 9457)."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from watchword import errors
from watchword.errors import AppError, BadRequest, Invalid
from watchword.http import openapi
from watchword.http._framework import operations, path_of
from watchword.http.problem_documents import MEDIA_TYPE, body_of, body_with_flaws, problem_body
from watchword.lines import one_line

logger = logging.getLogger("watchword.refusals")

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
    app.add_exception_handler(AppError, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_malformed)
    app.add_exception_handler(HTTPException, _on_http_exception)


def problem(error: AppError) -> Response:
    """The response to one refusal; its reason is logged."""
    body = body_of(error)
    _log_refusal(body["status"], error.code, error.reason or error.detail)
    return _response(body, error.headers())


def refusal(status: int, code: str, detail: str) -> Response:
    """The response to a request that no app has seen: the server's own refusal; it is logged."""
    _log_refusal(status, code, detail)
    return _response(problem_body(status, code, detail))


def internal_error() -> Response:
    return _response(problem_body(500, "internal_error", "Something went wrong on our side."))


def _log_refusal(status: int, code: str, reason: str) -> None:
    reason = one_line(reason)
    fields = {"status": status, "code": code, "reason": reason}
    logger.info("refused: %s (%d %s)", reason, status, code, extra=fields)


def _response(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    # A refusal holds for this request alone: a cache must not repeat a 404 to a caller who may see the resource.
    return Response(orjson.dumps(body), body["status"], {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)


async def _on_refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)  # noqa: S101 - `install` registers this function for this class
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
    return _response(body_with_flaws(BadRequest if isinstance(error, Unparsable) else Invalid, flaws))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """Answer Starlette's own refusals: no such route, no such method, a body that cannot be read."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == 405:
        allow = ", ".join(sorted(_methods_of_path(request)))
        return _response(problem_body(405, "method_not_allowed", "This method is not offered here."), {"Allow": allow})
    if error.status_code == 404:
        return problem(errors.NotFound("no such route"))
    if (refusal := await _guards_refusal(request)) is not None:
        return problem(refusal)
    # A body over the limit is refused while FastAPI reads it, and arrives here as the cause.
    return problem(error.__cause__ if isinstance(error.__cause__, AppError) else errors.BadRequest(error.detail))


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
