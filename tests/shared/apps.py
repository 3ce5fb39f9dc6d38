"""Small apps of their own, for rules that hold for any service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from watchword.auth import protect
from watchword.http import problems
from watchword.service.middleware import OutermostMiddleware
from watchword.testing import Issuer

BODY_LIMIT = 2_048


def plain_app() -> FastAPI:
    """An app whose refusals are problem documents, without guards."""
    app = FastAPI()
    app.add_middleware(OutermostMiddleware, max_body_bytes=BODY_LIMIT)
    problems.install(app)
    return app


def guarded_app(issuer: Issuer) -> FastAPI:
    """An app without routes that obeys the issuer's tokens."""
    app = FastAPI()
    app.add_middleware(OutermostMiddleware, max_body_bytes=BODY_LIMIT)
    protect(app, issuer.verifier())
    return app


@asynccontextmanager
async def asked(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of this app, which is running."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.example") as http,
    ):
        yield http
