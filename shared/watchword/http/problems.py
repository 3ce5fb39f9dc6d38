"""From refusal to HTTP: the only status table there is, and bodies by RFC 9457."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.responses import Response

from watchword import errors
from watchword.errors import AppError
from watchword.observability.logs import request_id

logger = logging.getLogger("watchword.refusals")

MEDIA_TYPE: Final = "application/problem+json"

Identify = Callable[[Request], Awaitable[AppError | None]]

STATUS: Final[dict[type[AppError], int]] = {
    errors.BadRequest: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
}


def install(app: FastAPI) -> None:
    """Make every refusal of this app a problem document."""
    app.add_exception_handler(AppError, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_malformed)
    app.add_exception_handler(HTTPException, _on_http_exception)


def status_of(error: AppError) -> int:
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    raise TypeError(f"{type(error).__name__} is of no known kind")


def problem(error: AppError) -> Response:
    """The answer to one refusal; the reason goes to the log."""
    status = status_of(error)
    logger.info("refused", extra={"status": status, "code": error.code, "reason": error.reason or error.detail})
    found = None
    if isinstance(error, errors.Invalid):
        found = [{"pointer": error.pointer, "code": error.code, "detail": str(error)}]
    code = errors.Invalid.code if found else error.code
    return _response(status, code, errors.Invalid.detail if found else error.detail, found, error.headers())


def internal_error() -> Response:
    return _response(500, "internal_error", "Something went wrong on our side.")


def _response(
    status: int,
    code: str,
    detail: str,
    found: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id.get(),
    }
    if found is not None:
        body["errors"] = found
    # A refusal holds for this request alone; a cache must not repeat a 404 to those who may see.
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)


async def _on_refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)  # noqa: S101 - the registration above says so
    return problem(error)


async def _on_malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    # FastAPI reads the body before any guard has run; who you are is settled before what you sent.
    if (refusal := await _identity_refusal(request)) is not None:
        return problem(refusal)
    found = [{"pointer": _pointer(item["loc"]), "code": item["type"], "detail": item["msg"]} for item in error.errors()]
    return _response(422, errors.Invalid.code, errors.Invalid.detail, found)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own refusals: no such route, no such method, a body that cannot be read."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == 405:
        return _response(405, "method_not_allowed", "This method is not offered here.", None, _allow(request))
    if error.status_code == 404:
        return problem(errors.NotFound("no such route"))
    if (refusal := await _identity_refusal(request)) is not None:
        return problem(refusal)
    # A body over the limit is refused while FastAPI reads it, and arrives here as the cause.
    return problem(error.__cause__ if isinstance(error.__cause__, AppError) else errors.BadRequest(error.detail))


async def _identity_refusal(request: Request) -> AppError | None:
    """What the guards of the operation say, where `watchword.auth.protect` has put them to this app."""
    identify: Identify | None = getattr(request.app.state, "identify", None)
    return await identify(request) if identify is not None else None


def _allow(request: Request) -> dict[str, str]:
    """Every method the path has (RFC 9110 section 10.2.1), where Starlette names those of one route only."""
    path = get_route_path(request.scope)
    methods: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        pattern = getattr(context, "path_regex", None)
        if pattern is not None and pattern.match(path):
            methods |= context.methods or set()
    return {"Allow": ", ".join(sorted(methods))}


def _pointer(location: Sequence[str | int]) -> str:
    """A JSON Pointer (RFC 6901) whose first step says where: body, query, path or header."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in location)
    return "/" + "/".join(steps)
