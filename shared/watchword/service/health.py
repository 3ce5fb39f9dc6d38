"""/livez: the process answers. /readyz: it can do its work, and if not, which part is missing."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel

from watchword.auth import public
from watchword.errors import AppError
from watchword.http.responses import answer

Check = Callable[[], Awaitable[Any]]
"""Raises AppError if its part is not ready; what it returns is shown, or "ok" for None."""


class Liveness(BaseModel):
    status: Literal["alive"]


class Readiness(BaseModel):
    """Whether the service is ready, and the result of each check: "ok", the code of a refusal, or figures."""

    status: Literal["ready", "not ready"]
    checks: dict[str, Any]


def health_routes(checks: Mapping[str, Check]) -> APIRouter:
    """The routes /livez and /readyz; the latter runs the checks and shows each result under its name."""
    router = APIRouter(tags=["operations"])

    @router.get("/livez", operation_id="health_live", summary="Is the process alive?", response_model=Liveness)
    @public
    async def livez() -> Response:
        return Response(b'{"status":"alive"}', media_type="application/json")

    @router.get(
        "/readyz",
        operation_id="health_ready",
        summary="Can it do its work?",
        response_model=Readiness,
        responses={503: {"model": Readiness, **answer(503, "Retry-After", description="Not ready")[503]}},
    )
    @public
    async def readyz() -> Response:
        return await _readiness(checks)

    return router


async def _readiness(checks: Mapping[str, Check]) -> Response:
    results: dict[str, Any] = {}
    ready = True
    for name, check in checks.items():
        try:
            results[name] = await check() or "ok"
        except AppError as error:
            ready, results[name] = False, error.code
    body = orjson.dumps({"status": "ready" if ready else "not ready", "checks": results})
    headers = {"Cache-Control": "no-store"} if ready else {"Cache-Control": "no-store", "Retry-After": "1"}
    return Response(body, 200 if ready else 503, headers, "application/json")
