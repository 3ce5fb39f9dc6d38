"""An operation carries a guard or is declared public; an app with any other kind does not start, and names it."""

from collections.abc import Awaitable, Callable

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from watchword.auth import UnguardedOperation, optional, protect, public, requires, signed_in
from watchword.testing import Issuer

Change = Callable[[FastAPI], object]


def page() -> Callable[[Request], Awaitable[PlainTextResponse]]:
    async def text(request: Request) -> PlainTextResponse:
        return PlainTextResponse("")

    return text


def endpoint() -> Callable[[], Awaitable[None]]:
    """A function of its own each time, because `@public` marks the function."""

    async def nothing() -> None: ...

    return nothing


def socket() -> Callable[[WebSocket], Awaitable[None]]:
    async def silence(websocket: WebSocket) -> None: ...

    return silence


def included(prefix: str, router: APIRouter) -> APIRouter:
    outer = APIRouter(prefix=prefix)
    outer.include_router(router)
    return outer


def router_with(*, dependencies: list[object] | None = None) -> APIRouter:
    router = APIRouter(prefix="/inner", dependencies=dependencies)  # type: ignore[arg-type]
    router.delete("/{name}")(endpoint())
    return router


def frontend() -> APIRouter:
    router = APIRouter(prefix="/inner")
    router.frontend("/site", directory=".")
    return router


def an_app(issuer: Issuer) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)
    protect(app, issuer.verifier())
    return app


async def start(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        pass


def router_with_a_socket() -> APIRouter:
    router = APIRouter(prefix="/inner")
    router.websocket("/socket")(socket())
    return router


each_undecided = pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(lambda app: app.post("/things")(endpoint()), "POST /things", id="route"),
        pytest.param(lambda app: app.include_router(router_with()), "DELETE /inner/{name}", id="router"),
        pytest.param(
            lambda app: app.include_router(included("/outer", router_with()), prefix="/api"),
            "DELETE /api/outer/inner/{name}",
            id="router_in_a_router",
        ),
        pytest.param(
            lambda app: app.router.routes.append(Route("/page", page())), "GET/HEAD /page", id="starlette_route"
        ),
        pytest.param(lambda app: app.websocket("/socket")(socket()), "WebSocket /socket", id="websocket"),
        pytest.param(
            lambda app: app.include_router(router_with_a_socket(), prefix="/api"),
            "WebSocket /api/inner/socket",
            id="websocket_in_a_router",
        ),
        pytest.param(
            lambda app: app.websocket("/socket", dependencies=[Depends(endpoint())])(socket()),
            "WebSocket /socket",
            id="websocket_with_another_dependency",
        ),
        pytest.param(
            lambda app: app.router.routes.append(WebSocketRoute("/socket", socket())),
            "WebSocket /socket",
            id="starlette_socket",
        ),
        pytest.param(lambda app: app.mount("/files", StaticFiles(directory=".")), "* /files", id="mount"),
        pytest.param(lambda app: app.mount("/sub", FastAPI()), "* /sub", id="app_within"),
        pytest.param(
            lambda app: app.router.routes.append(Mount("/sub", routes=[Route("/page", page())])),
            "* /sub",
            id="mount_of",
        ),
        pytest.param(
            lambda app: app.router.routes.append(Host("other.example", Starlette())), "* other.example", id="host"
        ),
        pytest.param(lambda app: app.frontend("/site", directory="."), "GET/HEAD /site", id="frontend"),
        pytest.param(
            lambda app: app.include_router(frontend(), prefix="/api", dependencies=[Depends(signed_in)]),
            "GET/HEAD /api/inner/site",
            id="frontend_in_a_router",
        ),
        pytest.param(
            lambda app: app.post("/openapi.json")(endpoint()), "POST /openapi.json", id="at_the_path_of_the_document"
        ),
        pytest.param(
            lambda app: app.mount("/openapi.json", FastAPI()), "* /openapi.json", id="app_at_the_path_of_the_document"
        ),
        pytest.param(
            lambda app: app.get("/mine", dependencies=[Depends(endpoint())])(endpoint()),
            "GET /mine",
            id="other_dependency",
        ),
    ],
)


@each_undecided
async def test_app_with_an_undecided_operation_does_not_start_and_names_it(
    issuer: Issuer, change: Change, named: str
) -> None:
    app = an_app(issuer)
    app.get("/guarded", dependencies=[Depends(signed_in)])(endpoint())
    change(app)
    with pytest.raises(UnguardedOperation) as refusal:
        await start(app)
    assert named in str(refusal.value)
    assert "GET /guarded" not in str(refusal.value)


async def test_every_undecided_operation_is_named(issuer: Issuer) -> None:
    app = an_app(issuer)
    app.get("/one")(endpoint())
    app.put("/two")(endpoint())
    with pytest.raises(UnguardedOperation, match="GET /one, PUT /two"):
        await start(app)


async def test_app_without_operations_does_not_start(issuer: Issuer) -> None:
    with pytest.raises(UnguardedOperation, match="no operation at all"):
        await start(an_app(issuer))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda app: app.get("/")(public(endpoint())), id="public"),
        pytest.param(lambda app: app.get("/", dependencies=[Depends(signed_in)])(endpoint()), id="guarded"),
        pytest.param(lambda app: app.get("/", dependencies=[Depends(optional)])(endpoint()), id="optional"),
        pytest.param(
            lambda app: app.include_router(router_with(dependencies=[Depends(signed_in)])), id="guarded_router"
        ),
        pytest.param(
            lambda app: app.include_router(router_with(), dependencies=[Depends(signed_in)]), id="guarded_inclusion"
        ),
        pytest.param(lambda app: app.router.routes.append(Route("/page", public(page()))), id="public_page"),
        pytest.param(lambda app: app.websocket("/socket")(public(socket())), id="public_socket"),
        pytest.param(
            lambda app: app.websocket("/socket", dependencies=[Depends(signed_in)])(socket()), id="guarded_socket"
        ),
        pytest.param(
            lambda app: app.include_router(router_with_a_socket(), dependencies=[Depends(signed_in)]),
            id="socket_in_a_guarded_inclusion",
        ),
        pytest.param(lambda app: app.mount("/files", public(StaticFiles(directory="."))), id="public_mount"),
    ],
)
async def test_app_whose_every_operation_is_decided_on_starts(issuer: Issuer, change: Change) -> None:
    app = an_app(issuer)
    change(app)
    await start(app)


ROLE, PERMISSION = Depends(requires(role="admin")), Depends(requires(permission="thing:edit_any"))
SCOPE = Depends(requires("things"))

each_unscoped = pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(lambda app: app.get("/all", dependencies=[ROLE])(endpoint()), "GET /all", id="role"),
        pytest.param(lambda app: app.put("/all", dependencies=[PERMISSION])(endpoint()), "PUT /all", id="permission"),
        pytest.param(
            lambda app: app.include_router(router_with(dependencies=[ROLE])), "DELETE /inner/{name}", id="router"
        ),
        pytest.param(
            lambda app: app.get("/all", dependencies=[ROLE, Depends(signed_in)])(endpoint()), "GET /all", id="signed_in"
        ),
        pytest.param(
            lambda app: app.get("/all", dependencies=[ROLE, Depends(requires(permission="a", any_scope=True))])(
                endpoint()
            ),
            "GET /all",
            id="one_of_two_any_scope",
        ),
    ],
)


@each_unscoped
async def test_app_with_a_role_or_permission_and_no_scope_does_not_start_and_says_what_to_write(
    issuer: Issuer, change: Change, named: str
) -> None:
    app = an_app(issuer)
    app.get("/guarded", dependencies=[Depends(signed_in)])(endpoint())
    change(app)
    with pytest.raises(UnguardedOperation, match="any_scope=True") as refusal:
        await start(app)
    assert named in str(refusal.value)
    assert "GET /guarded" not in str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda app: app.get("/", dependencies=[Depends(requires("things", role="admin"))])(endpoint()), id="both"
        ),
        pytest.param(
            lambda app: app.get("/", dependencies=[Depends(requires(any_of=["a", "b"], role="admin"))])(endpoint()),
            id="any_of",
        ),
        pytest.param(
            lambda app: app.include_router(router_with(dependencies=[SCOPE]), dependencies=[ROLE]), id="two_guards"
        ),
        pytest.param(
            lambda app: app.get("/", dependencies=[Depends(requires(role="admin", any_scope=True))])(endpoint()),
            id="any_scope",
        ),
    ],
)
async def test_app_whose_roles_and_permissions_come_with_a_scope_starts(issuer: Issuer, change: Change) -> None:
    app = an_app(issuer)
    change(app)
    await start(app)
