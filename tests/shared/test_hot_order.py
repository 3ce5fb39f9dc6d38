"""A hot route takes no request that belongs to a route before it, and a class of an app's own is not passed over."""

from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, WebSocket
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, Route
from starlette.types import Receive, Scope, Send

from tests.shared.apps import client_for
from tests.shared.hot_things import is_served_by_fastapi
from watchword.http import HotRoute, hot
from watchword.http._hot_table import may_share_a_path


async def read(request: Request) -> Response:
    return Response("fastapi" if is_served_by_fastapi(request) else "planned")


async def other(_: Request) -> Response:
    return PlainTextResponse("other")


async def socket(socket: WebSocket) -> None: ...


def app_with(declare: Callable[[FastAPI], object], hot_path: str = "/things/{name}") -> FastAPI:
    """An app in which what `declare` adds stands before a hot route."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    hot.install(app)
    declare(app)
    router = APIRouter(route_class=HotRoute)
    router.get(hot_path)(read)
    app.include_router(router)
    return app


async def get(app: FastAPI, path: str) -> str:
    async with client_for(app) as http:
        return (await http.get(path)).text


class Never(APIRoute):
    """A route of an app's own that takes requests by their header."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return Match.NONE, {}


EARLIER: list[tuple[Callable[[FastAPI], object], str, str]] = [
    (lambda app: app.get("/things/news")(other), "/things/news", "other"),
    (lambda app: app.get("/things/news")(other), "/things/news%0A", "other"),
    (lambda app: app.get("/things/news")(other), "/things/one", "planned"),
    (lambda app: app.post("/things/news")(other), "/things/news", "planned"),
    (lambda app: app.get("/{kind}/news")(other), "/things/news", "other"),
    (lambda app: app.get("/{kind}/news")(other), "/things/one", "planned"),
    (lambda app: app.get("/things/{number:int}")(other), "/things/1", "other"),
    (lambda app: app.get("/things/{number:int}")(other), "/things/one", "planned"),
    (lambda app: app.get("/{rest:path}")(other), "/things/one", "other"),
    (lambda app: app.get("/other/{rest:path}")(other), "/things/one", "planned"),
    (lambda app: app.include_router(router_with("/news"), prefix="/things"), "/things/news", "other"),
    (lambda app: app.router.routes.append(Route("/things/news", other)), "/things/news", "other"),
    (lambda app: app.include_router(including(Route("/things/news", other))), "/things/news", "other"),
    (lambda app: app.include_router(including(Route("/things/news", other))), "/things/one", "planned"),
    (lambda app: app.include_router(including(Mount("/things", PlainTextResponse("other")))), "/things/one", "other"),
    (lambda app: app.router.routes.append(Mount("/things", PlainTextResponse("other"))), "/things/one", "other"),
    (lambda app: app.router.routes.append(Mount("/other", PlainTextResponse("other"))), "/things/one", "planned"),
    (lambda app: app.router.routes.append(Mount("", PlainTextResponse("other"))), "/things/one", "other"),
    (lambda app: app.router.routes.append(Host("service.example", other_app)), "/things/one", "other"),
    (lambda app: app.router.routes.append(Never("/things/{name}", other)), "/things/one", "fastapi"),
    (lambda app: app.websocket("/things/{name}")(socket), "/things/one", "planned"),
]


async def other_app(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("other")(scope, receive, send)


def router_with(path: str) -> APIRouter:
    router = APIRouter()
    router.get(path)(other)
    return router


def including(route: BaseRoute) -> APIRouter:
    router = APIRouter()
    router.routes.append(route)
    return router


@pytest.mark.parametrize(("declare", "path", "expected"), EARLIER)
async def test_a_route_that_stands_before_takes_its_requests(
    declare: Callable[[FastAPI], object], path: str, expected: str
) -> None:
    assert await get(app_with(declare), path) == expected


async def test_a_fixed_path_is_left_to_a_route_before_it_that_takes_it() -> None:
    assert await get(app_with(lambda app: app.get("/things/{name}")(other), "/things/one"), "/things/one") == "other"
    assert await get(app_with(lambda app: app.put("/things/{name}")(other), "/things/one"), "/things/one") == "planned"


async def test_the_first_of_two_hot_routes_answers() -> None:
    app = app_with(lambda app: None)
    router = APIRouter(route_class=HotRoute)
    router.get("/things/one")(other)
    app.include_router(router)
    assert await get(app, "/things/one") == "planned"


async def test_a_route_that_is_added_while_the_app_runs_is_served_in_its_place() -> None:
    before = router_with("/elsewhere")
    app = app_with(lambda app: app.include_router(before))
    async with client_for(app) as http:
        assert (await http.get("/things/news")).text == "planned"
        before.get("/things/news")(other)
        assert (await http.get("/things/news")).text == "other"
        assert (await http.get("/things/one")).text == "planned"


async def refuse() -> None:
    raise HTTPException(403)


async def test_a_route_that_is_replaced_while_the_app_runs_is_not_served_again() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    hot.install(app)
    # Starlette finds the two equal, since they have the same path, methods and endpoint.
    app.router.routes.append(HotRoute("/things", read, methods=["GET"]))
    guarded = HotRoute("/things", read, methods=["GET"], dependencies=[Depends(refuse)])
    async with client_for(app) as http:
        assert (await http.get("/things")).text == "planned"
        app.router.routes[0] = guarded
        assert (await http.get("/things")).status_code == 403


async def test_a_route_that_takes_the_place_of_two_while_the_app_runs_is_served() -> None:
    app = app_with(lambda app: None, "/things/one")
    app.get("/elsewhere")(other)
    async with client_for(app) as http:
        assert (await http.get("/things/one")).text == "planned"
        app.router.routes.clear()
        app.get("/things/one", dependencies=[Depends(refuse)])(other)
        assert (await http.get("/things/one")).status_code == 403


@pytest.mark.parametrize("route_class", [APIRoute, HotRoute])
async def test_a_path_that_cannot_be_converted_is_an_error_for_the_handlers_of_the_app(
    route_class: type[APIRoute],
) -> None:
    async def refuse_value(request: Request, error: Exception) -> Response:
        return PlainTextResponse("no such number", 404)

    app, router = app_with(lambda app: None), APIRouter(route_class=route_class)
    router.get("/numbers/{number:int}")(other)
    app.include_router(router)
    app.add_exception_handler(ValueError, refuse_value)
    # Python reads no number of as many digits.
    assert await get(app, f"/numbers/{'9' * 5_000}") == "no such number"


class Signed(HotRoute):
    """A route whose handler does more."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def signed(request: Request) -> Response:
            response = await handle(request)
            response.headers["X-Signed"] = "yes"
            return response

        return signed


class Refusing(APIRouter):
    """A router that handles requests in a way of its own."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Response("refused", 403)(scope, receive, send)


class Closed(APIRouter):
    """A router that answers before it looks at its routes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Response("closed", 403)(scope, receive, send)


async def test_an_app_s_router_of_a_class_of_its_own_is_asked() -> None:
    app = FastAPI(openapi_url=None)
    hot.install(app)
    app.router = Closed(route_class=HotRoute)
    app.router.get("/things")(read)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as http:
        assert (await http.get("/things")).text == "closed"


async def test_a_subclass_of_a_hot_route_handles_its_requests_itself() -> None:
    app, router = app_with(lambda app: None), APIRouter(route_class=Signed)
    router.get("/signed")(read)
    app.include_router(router)
    async with client_for(app) as http:
        answer = await http.get("/signed")
    assert (answer.text, answer.headers["X-Signed"]) == ("fastapi", "yes")


async def test_a_router_of_a_class_of_the_app_s_own_handles_its_requests_itself() -> None:
    app, router = app_with(lambda app: None), Refusing(route_class=HotRoute)
    router.get("/refused")(read)
    app.include_router(router)
    assert await get(app, "/refused") == "refused"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT"])
async def test_a_method_that_is_not_offered_is_refused_with_those_that_are(method: str) -> None:
    async with client_for(app_with(lambda app: None)) as http:
        answer = await http.request(method, "/things/one")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


TEMPLATES = [
    ("/a", "/a", True),
    ("/a", "/b", False),
    ("/a/{x}", "/a/b", True),
    ("/a/{x}", "/b/{x}", False),
    ("/a/{x}", "/a/{x}/c", False),
    ("/a/{x}/c", "/a/b/{y:int}", True),
    ("/a/{x}/c", "/a/b/d", False),
    ("/{x}.json", "/a", True),
    ("/a/{x:path}", "/a/b/c", True),
    ("/a/{x:path}", "/b/c", False),
    ("/{x:path}", "/a/b/c", True),
    ("/a/b/{x:path}", "/a/{y}", True),
    ("/a/{x:own}", "/a/b/c", True),
    ("/a/", "/a", False),
    ("", "/{path:path}", True),
]


@pytest.mark.parametrize(("one", "another", "expected"), TEMPLATES)
def test_templates_are_told_apart_only_by_what_is_text_in_both(one: str, another: str, expected: bool) -> None:
    assert may_share_a_path(one, another) is expected
    assert may_share_a_path(another, one) is expected
