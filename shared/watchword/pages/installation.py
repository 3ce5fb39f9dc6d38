"""Puts signing in on the pages of an app into the app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from watchword.clock import Clock, SystemClock
from watchword.http import problems
from watchword.pages.cookies import PageCookies
from watchword.pages.issuer_client import IssuerClient
from watchword.pages.routes import routes
from watchword.pages.service import SignIns
from watchword.pages.settings import PagesSettings


def install(
    app: FastAPI,
    settings: PagesSettings,
    *,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """Let people sign in on the pages of this app, by the issuer's own pages.

    A page sends a person to `/auth/start?return=/path`, and the person comes back to this path signed in. Scripts of
    pages get an access token from `POST /auth/token`, which answers 401 if nobody is signed in, and sign out by
    `POST /auth/sign-out`. The refresh token stays in a cookie that no script can read; another one, without a secret,
    tells scripts whether it is there.

    Nothing is fetched from the issuer before somebody signs in. `transport` is how it is called, if not over the
    network: in tests.
    """
    issuer = IssuerClient(settings, transport)
    problems.install(app)
    sign_ins = SignIns(settings, issuer, clock or SystemClock())
    app.router.routes.extend(routes(sign_ins, PageCookies(settings)).routes)
    _stop_with(app, issuer)


def _stop_with(app: FastAPI, issuer: IssuerClient) -> None:
    """Close the connections to the issuer when the app stops."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        try:
            async with inner(served) as state:
                yield state
        finally:
            await issuer.stop()

    app.router.lifespan_context = lifespan
