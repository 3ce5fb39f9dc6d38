"""CORS is for pages of another origin; what a cache keeps for anybody else is not given to them."""

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from tests.shared.apps import client_for
from watchword.service.cross_origin import CrossOriginMiddleware
from watchword.service.installation import add_frame

PAGE = "http://page.example"


def app_of() -> FastAPI:
    app = FastAPI()

    @app.get("/things")
    async def things() -> list[str]:
        return []

    app.add_middleware(CrossOriginMiddleware, allow_origins=[PAGE], own_paths={"own"})
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
