"""Small apps of the tests' own, for rules that hold for any service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from watchword.auth import protect
from watchword.http import problems
from watchword.service.middleware import OutermostMiddleware
from watchword.testing import Issuer

BODY_LIMIT = 2_048


@dataclass(frozen=True)
class Service:
    """A running app: a client of it, and the issuer whose tokens it accepts."""

    http: httpx.AsyncClient
    issuer: Issuer


def plain_app() -> FastAPI:
    """An app without guards whose refusals are problem documents."""
    app = FastAPI()
    app.add_middleware(OutermostMiddleware, max_body_bytes=BODY_LIMIT)
    problems.install(app)
    return app


def guarded_app(issuer: Issuer) -> FastAPI:
    """An app without routes whose guards accept the issuer's tokens."""
    app = FastAPI()
    app.add_middleware(OutermostMiddleware, max_body_bytes=BODY_LIMIT)
    protect(app, issuer.verifier())
    return app


@asynccontextmanager
async def client_for(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of this app, which runs inside the block."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.example") as http,
    ):
        yield http
