"""CORS is for pages of another origin; what a cache keeps for anybody else is not given to them."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.shared.apps import client_for
from watchword.service.cross_origin import CrossOriginMiddleware, SharedPaths
from watchword.service.installation import add_frame

PAGE, CLIENT, OTHER = "http://page.example", "http://client.example", "http://other.example"


async def allows(origin: str) -> bool:
    return origin == CLIENT


SHARED = SharedPaths(frozenset({"/for-every"}), frozenset({"/for-some"}), allows)


def app_of() -> FastAPI:
    app = FastAPI()

    @app.get("/for-every")
    @app.post("/for-some")
    async def shared() -> Response:
        return JSONResponse([], headers={"WWW-Authenticate": "Bearer"})

    @app.get("/things")
    async def things() -> list[str]:
        return []

    shared_paths: dict[str, Any] = {"shared_paths": SHARED, "expose_headers": ["WWW-Authenticate"]}
    app.add_middleware(
        CrossOriginMiddleware,
        allow_origins=[PAGE],
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization"],
        own_paths={"own"},
        **shared_paths,
    )
    add_frame(app, 2_048, varies_by_origin=True)
    return app


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [({}, None), ({"Origin": PAGE}, PAGE), ({"Origin": "http://other.example"}, None)],
    ids=["no page", "an allowed page", "another page"],
)
@pytest.mark.parametrize("path", ["/things", "/nothing"])
async def test_every_answer_varies_by_origin(path: str, fields: dict[str, str], allowed: str | None) -> None:
    async with client_for(app_of()) as http:
        answer = await http.get(path, headers=fields)
    assert answer.headers["vary"] == "Origin"
    assert answer.headers.get("access-control-allow-origin") == allowed


async def test_an_allowed_page_may_ask_first() -> None:
    preflight = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    async with client_for(app_of()) as http:
        answer = await http.options("/things", headers=preflight)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, PAGE)


@pytest.mark.parametrize(("path", "is_own"), [("/own", True), ("/own/x", True), ("/owned", False), ("/x/own", False)])
async def test_no_page_of_another_origin_reads_what_is_the_services_own(path: str, is_own: bool) -> None:
    preflight = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    async with client_for(app_of()) as http:
        answers = [await http.get(path, headers={"Origin": PAGE}), await http.options(path, headers=preflight)]
    allowed = [answer.headers.get("access-control-allow-origin") for answer in answers]
    assert allowed == ([None, None] if is_own else [PAGE, PAGE])


async def test_request_about_the_server_as_a_whole_is_like_one_for_a_path_that_no_route_has() -> None:
    app = app_of()

    async def about_the_server(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "path": "*"}, receive, send)

    transport = httpx.ASGITransport(about_the_server)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as http:
        answer = await http.options("/", headers={"Origin": PAGE})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (404, PAGE)


@pytest.mark.parametrize(
    ("path", "origin", "allowed"),
    [
        ("/for-every", OTHER, "*"),
        ("/for-every", "null", "*"),
        ("/for-every", PAGE, PAGE),
        ("/for-some", CLIENT, CLIENT),
        ("/for-some", PAGE, PAGE),
        ("/for-some", OTHER, None),
        ("/for-some", "null", None),
        ("/for-some", f"{CLIENT}:8000", None),
        ("/for-some/x", CLIENT, None),
        ("/things", CLIENT, None),
    ],
)
async def test_shared_path_is_for_pages_of_further_origins(path: str, origin: str, allowed: str | None) -> None:
    method = "GET" if path == "/for-every" else "POST"
    preflight = {"Origin": origin, "Access-Control-Request-Method": method}
    preflight["Access-Control-Request-Headers"] = "authorization, content-type"
    async with client_for(app_of()) as http:
        preflighted = await http.options(path, headers=preflight)
        answer = await http.request(method, path, headers={"Origin": origin})
    assert preflighted.headers.get("access-control-allow-origin") == allowed
    assert answer.headers.get("access-control-allow-origin") == allowed
    assert "Origin" in answer.headers["vary"]
    if allowed is not None:
        assert (preflighted.status_code, answer.headers["access-control-expose-headers"]) == (200, "WWW-Authenticate")
    assert not any("access-control-allow-credentials" in it.headers for it in (preflighted, answer))


async def test_swagger_ui_of_a_client_may_ask_for_a_token() -> None:
    preflight = {"Origin": CLIENT, "Access-Control-Request-Method": "POST"}
    preflight["Access-Control-Request-Headers"] = "x-requested-with"
    async with client_for(app_of()) as http:
        assert (await http.options("/for-some", headers=preflight)).status_code == 200


async def test_no_page_deletes_what_is_shared() -> None:
    preflight = {"Origin": CLIENT, "Access-Control-Request-Method": "DELETE"}
    async with client_for(app_of()) as http:
        assert (await http.options("/for-some", headers=preflight)).status_code == 400
