"""/livez: the process answers. /readyz: it can do its work, and if not, what is missing."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from fastapi import APIRouter, Response

from watchword.auth import public
from watchword.errors import AppError

logger = logging.getLogger("watchword.health")

Check = Callable[[], Awaitable[Any]]


def health_routes(checks: Mapping[str, Check]) -> APIRouter:
    """Routes over named checks. A check raises AppError where its part is not ready; what it returns is shown."""
    router = APIRouter(tags=["operations"])

    @router.get("/livez", summary="Is the process alive?")
    @public
    async def livez() -> Response:
        return Response(b'{"status":"alive"}', media_type="application/json")

    @router.get("/readyz", summary="Can it do its work?", responses={503: {"description": "Not now"}})
    @public
    async def readyz() -> Response:
        found: dict[str, Any] = {}
        ready = True
        for name, check in checks.items():
            try:
                found[name] = await check() or "ok"
            except AppError as error:
                ready, found[name] = False, error.code
        body = orjson.dumps({"status": "ready" if ready else "not ready", "checks": found})
        headers = {"Cache-Control": "no-store"} if ready else {"Cache-Control": "no-store", "Retry-After": "1"}
        return Response(body, 200 if ready else 503, headers, "application/json")

    return router
