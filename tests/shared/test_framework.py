"""What the library needs of FastAPI and Starlette beyond their documentation.

If one of these tests fails after an upgrade, `watchword/http/_framework.py` is the only file to repair.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket, routing
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route
from starlette.types import Scope

from tests.shared.apps import client_for
from watchword.http._framework import Operation, frontend_paths, operations, path_of

DENY_BY_DEFAULT = "deny by default (ensure_guarded)"
IDENTITY_FIRST = "401 before 422 (identify)"
ALLOW = "Allow field of a 405 (problems)"
OPENAPI = "guard in the OpenAPI document (openapi.describe)"

NAMES = {
    "iter_route_contexts": (routing, [DENY_BY_DEFAULT, IDENTITY_FIRST, ALLOW, OPENAPI]),
    "RouteContext": (routing, [DENY_BY_DEFAULT, IDENTITY_FIRST, ALLOW, OPENAPI]),
    "RouteContext.original_route": (routing, [DENY_BY_DEFAULT, OPENAPI]),
    "RouteContext.endpoint": (routing, [DENY_BY_DEFAULT, IDENTITY_FIRST]),
    "RouteContext.methods": (routing, [DENY_BY_DEFAULT, IDENTITY_FIRST, ALLOW, OPENAPI]),
    "RouteContext.path": (routing, [DENY_BY_DEFAULT]),
    "RouteContext.path_format": (routing, [OPENAPI]),
    "APIRouter._iter_low_priority_routes": (routing, [DENY_BY_DEFAULT]),
}


@pytest.mark.parametrize("name", NAMES)
def test_framework_still_has_the_name(name: str) -> None:
    module, uses = NAMES[name]
    value: Any = module
    for step in name.split("."):
        value = getattr(value, step, None)
        if value is None:
            pytest.fail(f"{module.__name__}.{name} is gone. _framework.py needs it for: {'; '.join(uses)}.")


def why(use: str) -> str:
    return f"_framework.py does not see this; without it there is no {use}"


async def nothing() -> None: ...


def first() -> None: ...


def second() -> None: ...


def third() -> None: ...


def nested_app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    outer = APIRouter(prefix="/outer", dependencies=[Depends(first)])
    inner = APIRouter(prefix="/inner", dependencies=[Depends(second)])
    inner.put("/things/{thing_id:int}", dependencies=[Depends(third)])(nothing)
    outer.include_router(inner)
    app.include_router(outer, prefix="/api")
    return app


def the_operation(app: FastAPI) -> Operation:
    (operation,) = operations(app)
    return operation


def test_operation_of_an_included_router_has_the_prefixes_of_all_routers() -> None:
    operation = the_operation(nested_app())
    assert operation.path == "/api/outer/inner/things/{thing_id:int}", why(DENY_BY_DEFAULT)
    assert operation.documented_path == "/api/outer/inner/things/{thing_id}", why(OPENAPI)
    assert operation.name == "PUT /api/outer/inner/things/{thing_id:int}", why(DENY_BY_DEFAULT)
    assert (operation.methods, operation.endpoint) == ({"PUT"}, nothing), why(IDENTITY_FIRST)


def test_operation_of_an_included_router_has_the_dependencies_of_all_routers_in_order() -> None:
    assert list(the_operation(nested_app()).dependencies()) == [first, second, third], why(
        f"{DENY_BY_DEFAULT}; {IDENTITY_FIRST}; {OPENAPI}"
    )


@pytest.mark.parametrize(
    ("path", "matches"),
    [
        ("/api/outer/inner/things/1", True),
        ("/api/outer/inner/things/one", False),
        ("/api/outer/inner/things/1/more", False),
        ("/inner/things/1", False),
    ],
)
def test_operation_matches_the_paths_that_are_routed_to_it(path: str, matches: bool) -> None:
    assert the_operation(nested_app()).matches(path) is matches, why(f"{IDENTITY_FIRST}; {ALLOW}")


def test_dependencies_of_dependencies_come_before_them() -> None:
    def outer(_: None = Depends(first)) -> None: ...

    app = FastAPI(openapi_url=None)
    app.get("/", dependencies=[Depends(outer)])(nothing)
    assert list(the_operation(app).dependencies()) == [first, outer], why(IDENTITY_FIRST)


def page() -> Callable[[Request], Awaitable[PlainTextResponse]]:
    async def text(_: Request) -> PlainTextResponse:
        return PlainTextResponse("")

    return text


async def socket(_: WebSocket) -> None: ...


PAGE, SITE = page(), Starlette()


@pytest.mark.parametrize(
    ("change", "name", "endpoint", "is_api_route"),
    [
        pytest.param(lambda app: app.get("/things")(nothing), "GET /things", nothing, True, id="api_route"),
        pytest.param(
            lambda app: app.router.routes.append(Route("/page", PAGE)), "GET/HEAD /page", PAGE, False, id="route"
        ),
        pytest.param(lambda app: app.websocket("/socket")(socket), "WebSocket /socket", socket, False, id="websocket"),
        pytest.param(lambda app: app.mount("/site", SITE), "* /site", SITE, False, id="mount"),
        pytest.param(
            lambda app: app.router.routes.append(Host("other.example", SITE)), "* other.example", SITE, False, id="host"
        ),
    ],
)
def test_every_kind_of_route_is_an_operation(
    change: Callable[[FastAPI], object], name: str, endpoint: object, is_api_route: bool
) -> None:
    app = FastAPI(openapi_url=None)
    change(app)
    operation = the_operation(app)
    assert (operation.name, operation.endpoint) == (name, endpoint), why(DENY_BY_DEFAULT)
    assert operation.is_api_route is is_api_route, why(DENY_BY_DEFAULT)


def test_a_frontend_is_seen_although_it_is_no_route() -> None:
    app = FastAPI(openapi_url=None)
    app.frontend("/site", directory=".")
    router = APIRouter(prefix="/inner")
    router.frontend("/other", directory=".")
    app.include_router(router, prefix="/api")
    assert sorted(frontend_paths(app)) == ["/api/inner/other", "/site"], why(DENY_BY_DEFAULT)
    assert list(operations(app)) == [], "frontends have become routes: ensure_guarded would name them twice"


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ({"path": "/things"}, "/things"),
        ({"path": "/things", "root_path": ""}, "/things"),
        ({"path": "/api/things", "root_path": "/api"}, "/things"),
        ({"path": "/api", "root_path": "/api"}, ""),
        ({"path": "/apis/things", "root_path": "/api"}, "/apis/things"),
        ({"path": "/things", "root_path": "/api"}, "/things"),
    ],
)
def test_path_is_the_one_below_the_app(scope: Scope, path: str) -> None:
    assert path_of(scope) == path


@pytest.mark.parametrize("mounted", [False, True])
async def test_starlette_routes_by_the_path_that_we_compute(mounted: bool) -> None:
    seen: list[str] = []

    @(inner := FastAPI()).get("/things/{name}")
    async def read(request: Request) -> None:
        seen.append(path_of(request.scope))

    app = FastAPI(routes=[Mount("/sub", app=inner)]) if mounted else inner
    async with client_for(app) as http:
        assert (await http.get("/sub/things/one" if mounted else "/things/one")).status_code == 200
    assert seen == ["/things/one"], why(f"{IDENTITY_FIRST}; {ALLOW}")


async def test_a_matched_request_carries_its_endpoint() -> None:
    app = FastAPI()
    seen: list[object] = []

    async def read(request: Request) -> None:
        seen.append(request.scope.get("endpoint"))

    app.get("/")(read)
    async with client_for(app) as http:
        await http.get("/")
    assert seen == [read], why(IDENTITY_FIRST)


async def test_a_lifespan_set_on_the_router_is_the_one_that_runs() -> None:
    ran: list[FastAPI] = []
    app = FastAPI()
    inner = app.router.lifespan_context

    def lifespan(served: FastAPI) -> Any:
        ran.append(served)
        return inner(served)

    app.router.lifespan_context = lifespan
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    assert ran == [app], "protect can no longer start keys and revocations with the app"
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_the_openapi_document_is_made_once_and_can_be_replaced() -> None:
    app = FastAPI()
    app.get("/")(nothing)
    assert app.openapi() is app.openapi() is app.openapi_schema, "the changes of watchword.auth.openapi would be lost"
    app.openapi = lambda: {"replaced": True}  # type: ignore[method-assign]
    async with client_for(app) as http:
        assert (await http.get("/openapi.json")).json() == {"replaced": True}, why(OPENAPI)
