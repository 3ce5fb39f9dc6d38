"""A hot route answers every request exactly as FastAPI's route with the same declaration does."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import NamedTuple

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.shared.hot_requests import JSON, THING, Sent, others, reads, thing, writes
from tests.shared.hot_things import SIGNED_OUT, app_of
from watchword.http import HotRoute, StrictHotRoute, StrictRoute
from watchword.testing import Issuer

PAIRS: tuple[tuple[type[APIRoute], type[APIRoute]], ...] = ((APIRoute, HotRoute), (StrictRoute, StrictHotRoute))


CALLERS = ("writer", "nobody", "expired")
OTHER_CALLERS = ("reader", "malformed", "signed out", "two headers", "another scheme")


def credentials(issuer: Issuer, caller: str) -> list[tuple[str, str]]:
    """The Authorization fields of such a caller."""
    tokens = {
        "writer": issuer.mint("ada", scope="things:write"),
        "reader": issuer.mint("ada", scope="things:read"),
        "malformed": "a.b.c",
        "expired": issuer.mint("ada", scope="things:write", expires_in=-100),
        "signed out": issuer.mint("ada", scope="things:write", claims={"sid": SIGNED_OUT}),
        "two headers": issuer.mint("ada", scope="things:write"),
    }
    if caller == "nobody":
        return []
    if caller == "another scheme":
        return [("Authorization", "Basic YTpi")]
    field = ("Authorization", f"Bearer {tokens[caller]}")
    return [field, field] if caller == "two headers" else [field]


class Served(NamedTuple):
    """A running app, and a client of it."""

    app: FastAPI
    http: httpx.AsyncClient

    async def answer(self, sent: Sent, fields: list[tuple[str, str]]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        content = _chunks(sent.content) if isinstance(sent.content, tuple) else sent.content
        headers = [*sent.fields, *fields, ("X-Request-ID", "one")]
        answer = await self.http.request(sent.method, f"/api/things{sent.path}", content=content, headers=headers)
        return answer.status_code, answer.headers.raw, answer.content

    async def way(self, sent: Sent, fields: list[tuple[str, str]]) -> list[str]:
        """How the app answers this, in the words of `note_way`."""
        self.app.state.ways.clear()
        await self.answer(sent, fields)
        ways: list[str] = self.app.state.ways
        return ways


async def _chunks(parts: tuple[bytes, ...]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


class Pair(NamedTuple):
    """Two apps with the same declarations."""

    ordinary: Served
    hot: Served
    issuer: Issuer


@pytest.fixture(scope="module", params=PAIRS, ids=["plain", "strict"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    issuer = Issuer()
    async with AsyncExitStack() as stack:
        served = []
        for route_class in request.param:
            app = app_of(issuer, route_class)
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            http = httpx.AsyncClient(transport=transport, base_url="http://service.example")
            served.append(Served(app, await stack.enter_async_context(http)))
        yield Pair(served[0], served[1], issuer)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("sent", [*reads(), *writes(), *others()], ids=lambda sent: f"{sent.method}{sent.path}"[:50])
async def test_a_hot_route_answers_as_the_ordinary_one(pair: Pair, sent: Sent, caller: str) -> None:
    fields = credentials(pair.issuer, caller)
    assert await pair.hot.answer(sent, fields) == await pair.ordinary.answer(sent, fields)


WELL_FORMED = {
    "read": Sent("GET", "/1"),
    "list": Sent("GET", "?state=red&limit=3"),
    "part": Sent("GET", "/1/parts/x?y=1"),
    "stream": Sent("GET", "/1/stream"),
    "make": thing(THING),
    "change": Sent("PATCH", "/1", THING, tuple(JSON.items())),
    "replace": Sent("PUT", "/1", THING, tuple(JSON.items())),
    "touch": Sent("POST", "/1/touch"),
    "head": Sent("HEAD", "/1"),
    "error": Sent("GET", "/errors/taken"),
}


@pytest.mark.parametrize("caller", OTHER_CALLERS)
@pytest.mark.parametrize("sent", [*WELL_FORMED.values(), thing(b"{"), thing(b"{}"), Sent("GET", "/one")])
async def test_a_hot_route_refuses_as_the_ordinary_one(pair: Pair, sent: Sent, caller: str) -> None:
    fields = credentials(pair.issuer, caller)
    assert await pair.hot.answer(sent, fields) == await pair.ordinary.answer(sent, fields)


@pytest.mark.parametrize("sent", WELL_FORMED.values(), ids=WELL_FORMED.keys())
async def test_a_well_formed_request_is_answered_by_the_plan(pair: Pair, sent: Sent) -> None:
    fields = credentials(pair.issuer, "writer")
    assert await pair.ordinary.way(sent, fields) == ["fastapi"]
    assert await pair.hot.way(sent, fields) == ["planned"]


async def test_a_background_task_of_a_response_runs_after_it(pair: Pair) -> None:
    assert await pair.hot.way(Sent("GET", "/1/later"), []) == ["planned", "task"]


@pytest.mark.parametrize("sent", [thing(b"{"), thing(b"{}"), Sent("GET", "/1", fields=(("Depth", "deep"),))])
async def test_a_malformed_request_is_left_to_fastapi_before_any_dependency_is_called(pair: Pair, sent: Sent) -> None:
    assert "planned" not in await pair.hot.way(sent, credentials(pair.issuer, "writer"))


def test_the_openapi_documents_are_the_same(pair: Pair) -> None:
    assert json.dumps(pair.hot.app.openapi()) == json.dumps(pair.ordinary.app.openapi())
