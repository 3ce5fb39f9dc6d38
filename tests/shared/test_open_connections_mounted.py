"""Open connections of an app that is mounted under another one, when both have a verifier of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from tests.shared.house import SIGNED_OUT, assert_nothing_is_left
from tests.shared.open_apps import app_of
from tests.shared.rooms import Rooms, Source, ending
from tests.support.live_server import Event, serving
from tests.support.waiting import until
from watchword.auth import protect, public, signed_in
from watchword.testing import Issuer


@dataclass
class Houses:
    """Two apps, of which one is mounted at /inner, and what each of them learns of revocations."""

    outer: FastAPI
    inner: FastAPI
    of_outer: Source
    of_inner: Source
    rooms: Rooms


@pytest.fixture
async def houses(issuer: Issuer) -> AsyncIterator[Houses]:
    of_outer, of_inner, rooms = Source(), Source(), Rooms()
    inner = app_of(issuer, of_inner, rooms)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    outer = FastAPI(openapi_url=None, lifespan=lifespan)
    outer.mount("/inner", public(inner))
    protect(outer, issuer.verifier(revocations=of_outer))
    yield Houses(outer, inner, of_outer, of_inner, rooms)
    for app, source in ((outer, of_outer), (inner, of_inner)):
        assert_nothing_is_left(app.state.verifier.open_connections, source)


async def ask(request: Request, call_next: RequestResponseEndpoint) -> Response:
    await signed_in(request)
    return await call_next(request)


async def ends_with(houses: Houses, path: str, headers: dict[str, str], *sources: Source) -> list[Event]:
    """What follows on this stream once these sources have learned of the end of its session."""
    async with serving(houses.outer) as server:
        async with server.events(path, headers) as events:
            houses.rooms.say("one")
            assert await events.next() == Event("message", "one", "")
            for source in sources:
                source.revocations.add(ending("ada"), 0)
            rest = await events.rest()
        await until(lambda: server.open_tasks() == 0)
    return rest


async def test_a_stream_of_a_mounted_app_ends_by_the_verifier_of_that_app(houses: Houses, issuer: Issuer) -> None:
    hers = issuer.bearer(claims={"sid": "ada"})
    assert await ends_with(houses, "/inner/events", hers, houses.of_inner) == [SIGNED_OUT]


async def test_a_guard_that_a_middleware_of_a_mounted_app_asks_is_obeyed_too(houses: Houses, issuer: Issuer) -> None:
    houses.inner.add_middleware(BaseHTTPMiddleware, dispatch=ask)
    hers = issuer.bearer(claims={"sid": "ada"})
    assert await ends_with(houses, "/inner/public-events", hers, houses.of_inner) == [SIGNED_OUT]


@pytest.mark.parametrize("who", ["outer", "inner", "both"])
async def test_a_stream_that_two_verifiers_have_let_pass_ends_once_by_either(
    houses: Houses, issuer: Issuer, who: str
) -> None:
    houses.outer.add_middleware(BaseHTTPMiddleware, dispatch=ask)
    sources = {
        "outer": [houses.of_outer],
        "inner": [houses.of_inner],
        "both": [houses.of_outer, houses.of_inner],
    }
    hers = issuer.bearer(claims={"sid": "ada"})
    assert await ends_with(houses, "/inner/events", hers, *sources[who]) == [SIGNED_OUT]
