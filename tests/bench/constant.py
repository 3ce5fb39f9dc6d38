"""Servers that answer every request with the same bytes: uvicorn alone, and a service with hot routes.

python -m tests.bench.constant bare | service
"""

import os
import sys
from typing import Annotated, Final
from uuid import UUID

import uvicorn
from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from posts_service.parts import MIGRATIONS, assemble
from posts_service.settings import Settings
from watchword.auth import Principal, optional, public
from watchword.http import JsonBytes, StrictHotRoute
from watchword.metrics import Metrics
from watchword.service import new_app, serve
from watchword.service.settings import load

# As long as a post of the measurements.
BODY: Final = b'"' + b"x" * 798 + b'"'
HEAD: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-length", b"%d" % len(BODY)), (b"content-type", b"application/json")],
}


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """The shortest app that there is."""
    await send(HEAD)
    await send({"type": "http.response.body", "body": BODY})


def routes() -> APIRouter:
    router = APIRouter(route_class=StrictHotRoute)

    @router.get("/open/{number}")
    @public
    async def read(number: UUID) -> Response:
        return JsonBytes(BODY)

    @router.get("/guarded/{number}")
    async def read_guarded(number: UUID, reader: Annotated[Principal | None, Depends(optional)]) -> Response:
        return JsonBytes(BODY)

    return router


def build() -> FastAPI:
    """A service with everything that the posts service has but its routes."""
    parts = assemble(load(Settings))
    return new_app(parts, MIGRATIONS, Metrics(), title="Constant", summary="One answer.", routers=(routes(),))


def main(kind: str) -> None:
    if kind == "service":
        serve("tests.bench.constant:build", load(Settings))
    else:
        uvicorn.run(bare, port=int(os.environ["POSTS_PORT"]), lifespan="off", access_log=False, log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
