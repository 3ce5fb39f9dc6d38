"""Refusals of a page's path are pages, and the others are problem documents."""

import logging
from collections.abc import AsyncIterator
from typing import ClassVar

import httpx
import pytest
from fastapi.responses import HTMLResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.shared.apps import client_for, plain_app
from watchword.auth import public
from watchword.errors import Unavailable
from watchword.service import page_refusals

PAGE = "text/html; charset=utf-8"
PROBLEM = "application/problem+json"


class Closed(Unavailable):
    code = "closed"
    retry_after: ClassVar[int] = 7


def is_page(path: str) -> bool:
    return path == "/queue" or path.startswith("/p/")


def refusal_page(status: int, code: str, retry_after: str | None) -> Response:
    return HTMLResponse(f"{status} {code} {retry_after}", status)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = plain_app()

    @app.get("/queue/reports")
    @app.get("/queue")
    @public
    async def closed(page: int = 1) -> str:
        raise Closed("nobody is there")

    page_refusals.install(app, is_page, refusal_page)
    async with client_for(app) as client:
        yield client


async def test_a_refusal_of_a_page_shows_its_code_and_keeps_when_to_try_again(http: httpx.AsyncClient) -> None:
    answer = await http.get("/queue")
    assert (answer.status_code, answer.headers["Content-Type"], answer.text) == (503, PAGE, "503 closed 7")
    assert answer.headers["Retry-After"] == "7"


async def test_the_reason_of_a_refusal_is_in_the_log_and_not_on_the_page(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "watchword.refusals"):
        assert "nobody is there" not in (await http.get("/queue")).text
    assert "nobody is there" in caplog.text


async def test_the_frameworks_own_refusals_are_pages_too(http: httpx.AsyncClient) -> None:
    invalid = await http.get("/queue?page=x")
    assert (invalid.status_code, invalid.headers["Content-Type"]) == (422, PAGE)
    assert "None" in invalid.text
    unknown = await http.get("/p/unknown")
    assert (unknown.status_code, unknown.text) == (404, "404 not_found None")
    refused = await http.post("/queue")
    assert (refused.status_code, refused.headers["Content-Type"], refused.headers["Allow"]) == (405, PAGE, "GET")


async def test_paths_that_are_no_pages_keep_their_problem_documents(http: httpx.AsyncClient) -> None:
    for path, status in (("/queue/reports", 503), ("/p", 404), ("/queues", 404), ("/", 404)):
        answer = await http.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM), path


async def test_the_path_that_is_asked_about_has_no_slash_if_it_is_the_server_as_a_whole() -> None:
    app, paths = plain_app(), list[str]()

    def is_no_page(path: str) -> bool:
        paths.append(path)
        return False

    page_refusals.install(app, is_no_page, refusal_page)

    async def about_the_server(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "path": "*"}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(about_the_server), base_url="http://x.example") as http:
        assert (await http.options("/")).status_code == 404
    assert paths == ["*"]
