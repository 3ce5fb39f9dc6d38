"""Open connections of an app that is mounted under another one, when both have a verifier of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from tests.shared.chat import Chat, Source, session_revocation
from tests.shared.chat_app import SIGNED_OUT, assert_nothing_is_left
from tests.shared.chat_operations import app_of
from tests.support.live_server import Event, serving
from tests.support.waiting import until
from watchword.auth import protect, public, signed_in
from watchword.testing import Issuer


@dataclass
class ChatApps:
    """Two apps, of which one is mounted at /inner, and what each of them learns of revocations."""

    outer: FastAPI
    inner: FastAPI
    of_outer: Source
    of_inner: Source
    chat: Chat


@pytest.fixture
async def apps(issuer: Issuer) -> AsyncIterator[ChatApps]:
    of_outer, of_inner, chat = Source(), Source(), Chat()
    inner = app_of(issuer, of_inner, chat)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    outer = FastAPI(openapi_url=None, lifespan=lifespan)
    outer.mount("/inner", public(inner))
    protect(outer, issuer.verifier(revocations=of_outer))
    yield ChatApps(outer, inner, of_outer, of_inner, chat)
    for app, source in ((outer, of_outer), (inner, of_inner)):
        assert_nothing_is_left(app.state.verifier.open_connections, source)


async def ask(request: Request, call_next: RequestResponseEndpoint) -> Response:
    await signed_in(request)
    return await call_next(request)


async def ends_with(apps: ChatApps, path: str, headers: dict[str, str], *sources: Source) -> list[Event]:
    """What follows on this stream once these sources have learned of the end of its session."""
    async with serving(apps.outer) as server:
        async with server.events(path, headers) as events:
            apps.chat.say("one")
            assert await events.next() == Event("message", "one", "")
            for source in sources:
                source.revocations.add(session_revocation("ada"), 0)
            rest = await events.rest()
        await until(lambda: server.open_tasks() == 0)
    return rest


async def test_a_stream_of_a_mounted_app_ends_by_the_verifier_of_that_app(apps: ChatApps, issuer: Issuer) -> None:
    hers = issuer.bearer(claims={"sid": "ada"})
    assert await ends_with(apps, "/inner/events", hers, apps.of_inner) == [SIGNED_OUT]


async def test_a_guard_that_a_middleware_of_a_mounted_app_asks_is_obeyed_too(apps: ChatApps, issuer: Issuer) -> None:
    apps.inner.add_middleware(BaseHTTPMiddleware, dispatch=ask)
    hers = issuer.bearer(claims={"sid": "ada"})
    assert await ends_with(apps, "/inner/public-events", hers, apps.of_inner) == [SIGNED_OUT]


@pytest.mark.parametrize("who", ["outer", "inner", "both"])
async def test_a_stream_that_two_verifiers_have_let_pass_ends_once_by_either(
    apps: ChatApps, issuer: Issuer, who: str
) -> None:
    apps.outer.add_middleware(BaseHTTPMiddleware, dispatch=ask)
    sources = {
        "outer": [apps.of_outer],
        "inner": [apps.of_inner],
        "both": [apps.of_outer, apps.of_inner],
    }
    hers = issuer.bearer(claims={"sid": "ada"})
    assert await ends_with(apps, "/inner/events", hers, *sources[who]) == [SIGNED_OUT]
