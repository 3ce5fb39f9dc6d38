"""A service with pages, a browser at it, and the issuer that it sends people to."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from fastapi import FastAPI

from watchword import pages
from watchword.clock import Clock
from watchword.pages import PagesSettings
from watchword.testing import CodeFlow, Issuer

ISSUER = "https://id.example"
ORIGIN = "https://notes.example"
KEY = "a81hLKJ9uWOax/qo4HRJFCByU6hEc9pPph5iJWi026Y="
FORMER_KEY = "lki3sGL4O7VV9j9tpbW6cQbVWnGyMcrnX/Cj6GCOhao="
SESSION, PENDING = "__Host-watchword_session", "__Host-watchword_sign_in"
MARK = "__Host-watchword_signed_in"
OWN = {"Origin": ORIGIN}


def settings_of(**changes: Any) -> PagesSettings:
    """The settings of a service with pages."""
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "client_id": "notes-pages",
        "client_secret": "secret-of-the-notes-pages",
        "origin": ORIGIN,
        "audience": "https://notes.example/api",
        "scopes": ["notes"],
        "sealing_key": KEY,
        **changes,
    }
    return PagesSettings(**values)


@dataclass
class Browser:
    """A browser at the service, with a jar of cookies. `issuer` is what it is sent to."""

    http: httpx.AsyncClient
    issuer: CodeFlow

    async def start(self, path: str = "/notes", **demands: str) -> str:
        """Begin to sign in, and return the URL that the browser is sent to."""
        answer = await self.http.get("/auth/start", params={"return": path, **demands})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def sign_in(self, path: str = "/notes", **options: Any) -> httpx.Response:
        """Sign in at the issuer, and return what the callback answers."""
        return await self.http.get(self.issuer.authorize(await self.start(path), **options))

    async def token(self, **headers: str) -> httpx.Response:
        return await self.http.post("/auth/token", headers=headers or OWN)

    async def sign_out(self, **headers: str) -> httpx.Response:
        return await self.http.post("/auth/sign-out", headers=headers or OWN)

    def pending(self) -> dict[str, str]:
        """The cookies of the sign-ins that are under way, the oldest first."""
        return {name: value for name, value in self.http.cookies.items() if name.startswith(PENDING)}

    def cookie(self, name: str) -> str | None:
        return self.http.cookies.get(name)


@asynccontextmanager
async def browser_at(
    *,
    clock: Clock | None = None,
    issuer: CodeFlow | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    **changes: Any,
) -> AsyncIterator[Browser]:
    """A browser at a service with these settings, which calls the issuer with `transport`."""
    issuer = issuer or CodeFlow(Issuer(ISSUER, "https://notes.example/api", clock=clock))
    settings, app = settings_of(**changes), FastAPI()
    pages.install(app, settings, clock=clock, transport=transport or issuer.transport())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.origin) as http,
    ):
        yield Browser(http, issuer)


def parameters(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def changed(url: str, **parameters: str | None) -> str:
    """The URL with other parameters of its query; None takes one away."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | parameters
    rest = {name: value for name, value in query.items() if value is not None}
    return str(httpx.URL(url).copy_with(query=None).copy_merge_params(rest))


class Switched(httpx.AsyncBaseTransport):
    """A transport whose answers a test can replace: `instead` is called first, and may return None."""

    def __init__(self, issuer: CodeFlow) -> None:
        self.instead: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
        self.requests: list[httpx.Request] = []
        self._issuer = issuer.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        return self.instead(request) or await self._issuer.handle_async_request(request)
