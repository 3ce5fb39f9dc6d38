"""A hot route calls every guard that stands before it, wherever it was named, and the dependency that replaces it."""

from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Annotated, Any, cast

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from pydantic import BeforeValidator
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.shared.apps import client_for
from tests.shared.hot_things import is_served_by_fastapi
from watchword.auth import Principal, optional, protect, requires, signed_in
from watchword.http import HotRoute
from watchword.http._plan import MAX_BODY_BYTES
from watchword.testing import Issuer

GUARD = Depends(requires("a:x"))
INNER = Depends(requires("b:x"))

Build = Callable[[], FastAPI]


async def read(request: Request) -> Response:
    return Response("fastapi" if is_served_by_fastapi(request) else "planned")


def router_of(**options: object) -> APIRouter:
    router = APIRouter(route_class=HotRoute, **options)  # type: ignore[arg-type]
    router.get("/things")(read)
    return router


def guarded_by_app() -> FastAPI:
    app = FastAPI(dependencies=[GUARD])
    app.include_router(router_of())
    return app


def guarded_by_app_itself() -> FastAPI:
    app = FastAPI(dependencies=[GUARD])
    app.router.route_class = HotRoute
    app.get("/things")(read)
    return app


def guarded_by_router() -> FastAPI:
    app = FastAPI()
    app.include_router(router_of(dependencies=[GUARD]))
    return app


def guarded_by_inclusion() -> FastAPI:
    app = FastAPI()
    app.include_router(router_of(), dependencies=[GUARD])
    return app


def guarded_by_outer_router() -> FastAPI:
    app, outer = FastAPI(), APIRouter(dependencies=[GUARD])
    outer.include_router(router_of())
    app.include_router(outer)
    return app


def guarded_by_outer_inclusion() -> FastAPI:
    app, outer, middle = FastAPI(), APIRouter(), APIRouter()
    middle.include_router(router_of(dependencies=[Depends(signed_in)]))
    outer.include_router(middle, dependencies=[GUARD])
    app.include_router(outer)
    return app


def guarded_by_route() -> FastAPI:
    app, router = FastAPI(), APIRouter(route_class=HotRoute)
    router.get("/things", dependencies=[GUARD])(read)
    app.include_router(router)
    return app


def guarded_by_parameter() -> FastAPI:
    app, router = FastAPI(), APIRouter(route_class=HotRoute)

    @router.get("/things")
    async def read_as(_: Annotated[Principal, GUARD], request: Request) -> Response:
        return await read(request)

    app.include_router(router)
    return app


def guarded_by_dependency_of_a_dependency() -> FastAPI:
    async def caller(principal: Annotated[Principal, GUARD]) -> str:
        return principal.subject

    async def doubled(name: Annotated[str, Depends(caller)]) -> str:
        return 2 * name

    app = FastAPI()
    app.include_router(router_of(dependencies=[Depends(doubled)]))
    return app


NESTINGS: list[Build] = [
    guarded_by_app,
    guarded_by_app_itself,
    guarded_by_router,
    guarded_by_inclusion,
    guarded_by_outer_router,
    guarded_by_outer_inclusion,
    guarded_by_route,
    guarded_by_parameter,
    guarded_by_dependency_of_a_dependency,
]


@pytest.fixture(params=NESTINGS, ids=lambda build: build.__name__)
async def http(issuer: Issuer, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    app = request.param()
    protect(app, issuer.verifier())
    async with client_for(app) as http:
        yield http


async def test_a_guard_stands_before_a_hot_route_wherever_it_was_named(http: httpx.AsyncClient, issuer: Issuer) -> None:
    assert (await http.get("/things")).status_code == 401
    assert (await http.get("/things", headers=issuer.bearer(scope="b:x"))).status_code == 403
    answer = await http.get("/things", headers=issuer.bearer(scope="a:x"))
    assert (answer.status_code, answer.text) == (200, "planned")


async def test_one_router_has_the_guards_of_each_inclusion(issuer: Issuer) -> None:
    app, router = FastAPI(), router_of()
    app.include_router(router, prefix="/one", dependencies=[GUARD])
    app.include_router(router, prefix="/other", dependencies=[INNER])
    protect(app, issuer.verifier())
    async with client_for(app) as http:
        for path, scope, status in [("/one", "a:x", 200), ("/one", "b:x", 403), ("/other", "b:x", 200)]:
            assert (await http.get(f"{path}/things", headers=issuer.bearer(scope=scope))).status_code == status


async def test_guards_are_called_in_order(issuer: Issuer) -> None:
    called: list[str] = []

    def noting(name: str) -> Callable[[], object]:
        async def note() -> None:
            called.append(name)

        return note

    outer = APIRouter(dependencies=[Depends(noting("outer"))])
    outer.include_router(router_of(dependencies=[Depends(noting("router"))]), dependencies=[Depends(noting("between"))])
    app = FastAPI(dependencies=[Depends(noting("app")), Depends(optional)])
    app.include_router(outer)
    protect(app, issuer.verifier())
    async with client_for(app) as http:
        assert (await http.get("/things")).text == "planned"
    assert called == ["app", "outer", "between", "router"]


async def test_a_dependency_that_is_named_twice_is_called_once_unless_it_is_declared_otherwise(issuer: Issuer) -> None:
    numbers = count(1)

    async def next_number() -> int:
        return next(numbers)

    Number = Annotated[int, Depends(next_number)]  # noqa: N806 - it is a type
    Other = Annotated[int, Depends(next_number, use_cache=False)]  # noqa: N806
    app, router = FastAPI(), APIRouter(route_class=HotRoute, dependencies=[Depends(optional)])

    @router.get("/things")
    async def read_counts(one: Number, two: Number, three: Other) -> Response:
        return Response(f"{one} {two} {three}")

    app.include_router(router)
    protect(app, issuer.verifier())
    async with client_for(app) as http:
        assert (await http.get("/things")).text == "1 1 2"


async def test_an_override_that_is_set_while_the_app_runs_takes_effect_and_ends(issuer: Issuer) -> None:
    app = guarded_by_parameter()
    protect(app, issuer.verifier())

    async def nobody() -> None: ...

    async with client_for(app) as http:
        assert (await http.get("/things")).status_code == 401
        app.dependency_overrides = {GUARD.dependency: nobody}
        assert (await http.get("/things")).text == "fastapi"
        app.dependency_overrides = {}
        assert (await http.get("/things")).status_code == 401


class Noting:
    """A body whose validation is noted."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def note(self, value: list[object]) -> list[object]:
        self.sizes.append(len(value))
        return value


async def test_a_long_body_is_validated_only_for_callers_whom_the_guards_let_pass(issuer: Issuer) -> None:
    noting, app, router = Noting(), FastAPI(), APIRouter(route_class=HotRoute)

    @router.post("/things")
    async def make(
        numbers: Annotated[list[int], BeforeValidator(noting.note)], _: Annotated[Principal, GUARD]
    ) -> Response:
        return Response(str(sum(numbers)))

    app.include_router(router)
    protect(app, issuer.verifier())
    many = MAX_BODY_BYTES // 2
    async with client_for(app) as http:
        assert (await http.post("/things", json=["flaw"] * many)).status_code == 401
        assert noting.sizes == []
        answer = await http.post("/things", json=[1] * many, headers=issuer.bearer(scope="a:x"))
        assert (answer.status_code, answer.text) == (200, str(many))


class Denying:
    """A layer of an app's own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app if scope["type"] != "http" else Response("denied", 403)
        await app(scope, receive, send)


async def test_a_layer_further_inside_than_the_hot_routes_is_not_passed_over(issuer: Issuer) -> None:
    app = guarded_by_router()
    protect(app, issuer.verifier())
    app.user_middleware.append(Middleware(Denying))
    async with client_for(app) as http:
        assert (await http.get("/things", headers=issuer.bearer(scope="a:x"))).text == "denied"


async def test_a_layer_around_the_router_itself_is_not_passed_over(issuer: Issuer) -> None:
    app = guarded_by_router()
    protect(app, issuer.verifier())
    app.router.middleware_stack = Denying(app.router.middleware_stack)
    async with client_for(app) as http:
        assert (await http.get("/things", headers=issuer.bearer(scope="a:x"))).text == "denied"


class Walled(FastAPI):
    """An app that puts a layer of its own next to its router."""

    def build_middleware_stack(self) -> ASGIApp:
        stack: Any = super().build_middleware_stack()
        layer = stack
        while not isinstance(layer, AsyncExitStackMiddleware):
            layer = getattr(layer, "app", None) or layer._served
        layer.app = Denying(layer.app)
        return cast(ASGIApp, stack)


async def test_a_layer_next_to_the_router_is_not_passed_over(issuer: Issuer) -> None:
    app = Walled()
    app.include_router(router_of(dependencies=[GUARD]))
    protect(app, issuer.verifier())
    async with client_for(app) as http:
        assert (await http.get("/things", headers=issuer.bearer(scope="a:x"))).text == "denied"


async def test_a_mounted_app_answers_its_hot_routes_below_its_path(issuer: Issuer) -> None:
    outer, inner = FastAPI(openapi_url=None), guarded_by_inclusion()
    protect(inner, issuer.verifier())
    outer.mount("/{tenant}/api", inner)
    async with (
        inner.router.lifespan_context(inner),
        httpx.AsyncClient(transport=httpx.ASGITransport(outer), base_url="http://service.example") as http,
    ):
        assert (await http.get("/a/api/things")).status_code == 401
        assert (await http.get("/a/api/things", headers=issuer.bearer(scope="a:x"))).text == "planned"
        assert (await http.get("/things", headers=issuer.bearer(scope="a:x"))).status_code == 404


@pytest.mark.parametrize(("path", "status"), [("/api/things", 200), ("/things", 200), ("/apis/things", 404)])
async def test_a_path_below_that_of_the_server_is_answered(issuer: Issuer, path: str, status: int) -> None:
    app = guarded_by_inclusion()
    protect(app, issuer.verifier())
    transport = httpx.ASGITransport(app, root_path="/api")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://service.example") as http,
    ):
        assert (await http.get(path, headers=issuer.bearer(scope="a:x"))).status_code == status
        assert (await http.get(path)).status_code == (401 if status == 200 else 404)
