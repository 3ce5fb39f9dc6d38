"""The documentation page is our own: no other host serves a part of it."""

import asyncio
import re

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from tests.support.services import Posts
from watchword.service import docs


async def test_page_and_all_its_parts_come_from_here(posts: Posts) -> None:
    page = await posts.http.get("/docs")
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert parts
    assert all(part.startswith("/docs/") for part in parts)
    for part in parts:
        assert (await posts.http.get(part)).status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["index.html", "__init__.py", "%2e%2e%2f__init__.py"])
async def test_no_other_file_is_served(posts: Posts, name: str) -> None:
    answer = await posts.http.get(f"/docs/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def page_of(app: FastAPI, root_path: str = "") -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app, root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as http:
            return await http.get("/docs")

    return asyncio.run(get())


@pytest.mark.parametrize("client_id", [None, "web"])
def test_the_client_to_sign_in_with_is_a_parameter(client_id: str | None) -> None:
    app = FastAPI()
    docs.install(app, client_id)
    assert ("initOAuth" in page_of(app).text, '"clientId": "web"' in page_of(app).text) == (bool(client_id),) * 2


def test_an_app_without_a_document_has_no_page() -> None:
    app = FastAPI(openapi_url=None)
    docs.install(app)
    assert page_of(app).status_code == 404


def test_behind_a_prefix_the_page_loads_its_parts_below_it() -> None:
    app = FastAPI()
    docs.install(app)
    text = page_of(app, "/notes").text
    parts = [*re.findall(r'(?:src|href)="([^"]+)"', text), *re.findall(r"url: '([^']+)'", text)]
    assert len(parts) == 4
    assert all(part.startswith("/notes/") for part in parts)


def test_the_path_of_a_mount_cannot_bring_a_script_into_the_page() -> None:
    app = FastAPI()
    docs.install(app)
    text = page_of(app, "/x'+alert(1)+'<\"").text
    assert "/x%27%2Balert%281%29%2B%27%3C%22/openapi.json" in text
    assert "alert(1)" not in text


def test_a_route_of_the_apps_own_at_the_path_of_another_page_stays() -> None:
    app = FastAPI()

    @app.get("/redoc")
    async def redoc() -> str:
        return "its own"

    docs.install(app)
    assert [route.endpoint for route in app.routes if isinstance(route, Route) and route.path == "/redoc"] == [redoc]
