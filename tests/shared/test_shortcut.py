"""A whole answer of a hot route goes past the layers that would do nothing for it; everything else through them."""

from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.shared.apps import client_for
from watchword.auth import Principal, protect, public, requires
from watchword.http import HotRoute
from watchword.http.hot import ATTEMPT
from watchword.http.shortcut import PassableLayer
from watchword.service.cross_origin import CrossOriginMiddleware
from watchword.service.installation import add_frame
from watchword.testing import Issuer

PAGE = "http://page.example"
Caller = Annotated[Principal, Depends(requires("a:x"))]


class OwnLayer:
    """A layer of an app's own, which may do anything. It notes the paths of the requests that go through it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["app"].state.went_through.append(scope["path"])
        await self.app(scope, receive, send)


class Passable(OwnLayer, PassableLayer):
    """An OwnLayer that promises to do nothing for answers that are sent whole."""

    @property
    def served(self) -> ASGIApp:
        return self.app


class OwnResponse(Response):
    """A response that is sent by code of the app's own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)


async def note_call(request: Request) -> None:
    request.app.state.called.append(request.url.path)


def whole_routes() -> APIRouter:
    """Hot routes whose answers are sent at once."""
    router = APIRouter(route_class=HotRoute, dependencies=[Depends(note_call)])

    @router.get("/whole")
    @public
    async def whole() -> Response:
        return Response("whole")

    @router.get("/empty")
    @public
    async def empty() -> Response:
        return Response(status_code=204)

    @router.get("/guarded")
    async def guarded(caller: Caller) -> Response:
        return Response(caller.subject)

    return router


def other_routes() -> APIRouter:
    """Hot routes whose answers run code of the app's own while they are sent."""
    router = APIRouter(route_class=HotRoute, dependencies=[Depends(note_call)])

    @router.get("/parts")
    @public
    async def parts() -> StreamingResponse:
        return StreamingResponse(_parts())

    @router.get("/guarded-parts")
    async def guarded_parts(_: Caller) -> StreamingResponse:
        return StreamingResponse(_parts())

    @router.get("/afterwards")
    @public
    async def afterwards(request: Request) -> Response:
        return Response("now", background=BackgroundTask(request.app.state.called.append, "afterwards"))

    @router.get("/own")
    @public
    async def own() -> Response:
        return OwnResponse("own")

    @router.get("/no-length")
    @public
    async def without_length() -> Response:
        response = Response("no length")
        del response.headers["content-length"]
        return response

    @router.get("/broken")
    @public
    async def broken() -> Response:
        raise RuntimeError("broken")

    return router


async def _parts() -> AsyncIterator[str]:
    yield "one"
    yield "two"


def app_of(issuer: Issuer, layer: type[OwnLayer]) -> FastAPI:
    app = FastAPI()
    app.state.went_through, app.state.called = [], []
    app.include_router(whole_routes())
    app.include_router(other_routes())
    protect(app, issuer.verifier())
    app.user_middleware.insert(0, Middleware(layer))
    app.add_middleware(CrossOriginMiddleware, allow_origins=[PAGE])
    add_frame(app, 2_048, varies_by_origin=True)
    return app


def token(issuer: Issuer) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.mint('ada', scope='a:x')}"}


WHOLE = ["/whole", "/empty", "/guarded"]
OTHERS = ["/parts", "/guarded-parts", "/afterwards", "/own", "/no-length", "/broken"]


@pytest.mark.parametrize("path", [*WHOLE, *OTHERS])
async def test_only_whole_answers_go_past_the_layers(issuer: Issuer, path: str) -> None:
    app = app_of(issuer, Passable)
    async with client_for(app) as http:
        await http.get(path, headers=token(issuer))
    assert app.state.went_through == ([] if path in WHOLE else [path])


@pytest.mark.parametrize("layer", [Passable, OwnLayer])
@pytest.mark.parametrize("path", [*WHOLE, *OTHERS])
async def test_nothing_is_called_twice(issuer: Issuer, path: str, layer: type[OwnLayer]) -> None:
    app = app_of(issuer, layer)
    async with client_for(app) as http:
        await http.get(path, headers=token(issuer))
    assert app.state.called == [path, *(["afterwards"] if path == "/afterwards" else [])]


@pytest.mark.parametrize("path", WHOLE)
async def test_a_layer_of_the_app_s_own_is_never_passed_by(issuer: Issuer, path: str) -> None:
    app = app_of(issuer, OwnLayer)
    async with client_for(app) as http:
        await http.get(path, headers=token(issuer))
    assert app.state.went_through == [path]


@pytest.mark.parametrize("origin", [None, PAGE, "http://other.example"])
@pytest.mark.parametrize("fields", [None, {}, {"Authorization": "Bearer a.b.c"}], ids=["ada", "nobody", "malformed"])
@pytest.mark.parametrize("path", [*WHOLE, *OTHERS, "/nothing"])
async def test_answers_are_the_same_past_the_layers_and_through_them(
    issuer: Issuer, path: str, fields: dict[str, str] | None, origin: str | None
) -> None:
    answers = []
    for layer in (Passable, OwnLayer):
        async with client_for(app_of(issuer, layer)) as http:
            sent = (token(issuer) if fields is None else fields) | {"X-Request-ID": "one"}
            answer = await http.get(path, headers=sent | ({} if origin is None else {"Origin": origin}))
            answers.append((answer.status_code, answer.headers.raw, answer.content))
    past, through = answers
    assert past == through


async def test_a_page_of_another_origin_is_shown_the_answer_of_a_hot_route(issuer: Issuer) -> None:
    app = app_of(issuer, Passable)
    async with client_for(app) as http:
        answer = await http.get("/whole", headers={"Origin": PAGE})
    assert (answer.headers["access-control-allow-origin"], app.state.went_through) == (PAGE, ["/whole"])


async def test_nothing_of_an_attempt_is_left_in_the_scope(issuer: Issuer) -> None:
    app = app_of(issuer, Passable)
    scopes: list[Scope] = []

    @app.middleware("http")
    async def keep_scope(request: Request, call_next: RequestResponseEndpoint) -> Response:
        scopes.append(request.scope)
        return await call_next(request)

    async with client_for(app) as http:
        for path in (*WHOLE, *OTHERS):
            await http.get(path)
    assert len(scopes) == len(WHOLE) + len(OTHERS)
    assert not any(ATTEMPT in scope for scope in scopes)
