"""Problem documents (RFC 9457): the one table of statuses, and the body of every refusal."""

from http import HTTPStatus
from typing import Any, Final

from watchword import errors
from watchword.errors import AppError
from watchword.observability.logs import request_id

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[dict[type[AppError], int]] = {
    errors.BadRequest: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.PreconditionRequired: 428,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
}


def status_of(error: AppError) -> int:
    """The status of the error's kind. Raises TypeError for an error of no kind."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    raise TypeError(f"{type(error).__name__} is of no known kind")


def body_of(error: AppError) -> dict[str, Any]:
    """The problem document of one refusal."""
    if isinstance(error, errors.Faulty):
        return body_with_flaws(errors.Invalid, [fault._asdict() for fault in error.faults])
    if isinstance(error, errors.Invalid):
        return body_with_flaws(errors.Invalid, [{"pointer": error.pointer, "code": error.code, "detail": error.advice}])
    return problem_body(status_of(error), error.code, error.detail)


def body_with_flaws(kind: type[AppError], flaws: list[dict[str, str]]) -> dict[str, Any]:
    """The problem document of a request with these flaws, each with `pointer`, `code` and `detail`."""
    return problem_body(STATUS[kind], kind.code, kind.detail) | {"errors": flaws}


def problem_body(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id.get(),
    }
