"""Refusals as responses: problem documents (RFC 9457), each of which is logged."""

import logging
from typing import Any

import orjson
from starlette.responses import Response

from watchword.errors import AppError
from watchword.http.problem_documents import MEDIA_TYPE, body_of, problem_body
from watchword.lines import one_line

logger = logging.getLogger("watchword.refusals")


def problem(error: AppError) -> Response:
    """The response to one refusal; its reason is logged."""
    body = body_of(error)
    log_refusal(body["status"], error.code, error.reason or error.detail)
    return response(body, error.headers())


def refusal(status: int, code: str, detail: str) -> Response:
    """The response to a request that no app has seen: the server's own refusal; it is logged."""
    log_refusal(status, code, detail)
    return response(problem_body(status, code, detail))


def internal_error() -> Response:
    return response(problem_body(500, "internal_error", "Something went wrong on our side."))


def log_refusal(status: int, code: str, reason: str) -> None:
    reason = one_line(reason)
    fields = {"status": status, "code": code, "reason": reason}
    logger.info("refused: %s (%d %s)", reason, status, code, extra=fields)


def response(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    # A refusal holds for this request alone: a cache must not repeat a 404 to a caller who may see the resource.
    return Response(orjson.dumps(body), body["status"], {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)
