"""/livez: the process answers. /readyz: it can do its work, and if not, which part is missing."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from fastapi import APIRouter, Response

from watchword.auth import public
from watchword.errors import AppError

Check = Callable[[], Awaitable[Any]]
"""Raises AppError if its part is not ready; what it returns is shown, or "ok" for None."""


def health_routes(checks: Mapping[str, Check]) -> APIRouter:
    """The routes /livez and /readyz; the latter runs the checks and shows each result under its name."""
    router = APIRouter(tags=["operations"])

    @router.get("/livez", summary="Is the process alive?")
    @public
    async def livez() -> Response:
        return Response(b'{"status":"alive"}', media_type="application/json")

    @router.get("/readyz", summary="Can it do its work?", responses={503: {"description": "Not ready"}})
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
