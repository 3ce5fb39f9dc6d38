"""The documentation page is our own: no other host serves a part of it."""

import asyncio
import re
from urllib.parse import urljoin

import httpx
import pytest
from fastapi import Depends, FastAPI
from starlette.routing import Route

from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.auth import protect, signed_in
from watchword.service import docs
from watchword.testing import Issuer

PARTS = re.compile(r'(?:src|href|data-document)="([^"]+)"')


@pytest.mark.parametrize(("path", "count"), [("/docs", 5), (docs.REDIRECT_PATH, 1)])
async def test_page_and_all_its_parts_come_from_here(posts: Posts, path: str, count: int) -> None:
    page = await posts.http.get(path)
    parts = [urljoin(path, part) for part in PARTS.findall(page.text)]
    assert len(parts) == count
    assert all(part.startswith("/docs/") or part == "/openapi.json" for part in parts)
    for part in parts:
        assert (await posts.http.get(part)).status_code == 200


@pytest.mark.parametrize("name", ["index.html", "__init__.py", "%2e%2e%2f__init__.py"])
async def test_no_other_file_is_served(posts: Posts, name: str) -> None:
    answer = await posts.http.get(f"/docs/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def page_of(app: FastAPI, root_path: str = "", path: str = "/docs") -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app, root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as http:
            return await http.get(path)

    return asyncio.run(get())


@pytest.mark.parametrize("client_id", [None, "web"])
def test_the_client_to_sign_in_with_is_a_parameter(client_id: str | None) -> None:
    app = FastAPI()
    docs.install(app, client_id)
    assert f'data-client-id="{client_id or ""}"' in page_of(app).text


def test_an_app_without_a_document_has_no_page() -> None:
    app = FastAPI(openapi_url=None)
    docs.install(app)
    assert page_of(app).status_code == 404


def test_below_any_prefix_the_page_loads_its_parts_below_it() -> None:
    app = FastAPI()
    docs.install(app)
    parts = [urljoin("/notes/docs", part) for part in PARTS.findall(page_of(app, "/notes").text)]
    assert len(parts) == 5
    assert all(part.startswith("/notes/") for part in parts)


def test_no_word_of_the_app_or_of_its_mount_becomes_markup() -> None:
    app = FastAPI(title="</title><script>alert(1)</script>")
    docs.install(app, '"><script>alert(1)</script>')
    assert "<script>" not in page_of(app, "/x'+alert(1)+'<\"").text
    assert "'+alert" not in page_of(app, "/x'+alert(1)+'<\"").text


def test_a_route_of_the_apps_own_at_the_path_of_another_page_stays() -> None:
    app = FastAPI()

    @app.get("/redoc")
    async def redoc() -> str:
        return "its own"

    docs.install(app)
    assert [route.endpoint for route in app.routes if isinstance(route, Route) and route.path == "/redoc"] == [redoc]


def policy_of(page: httpx.Response) -> dict[str, list[str]]:
    parts = [part.split() for part in page.headers["content-security-policy"].split(";")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize("path", ["/docs", docs.REDIRECT_PATH])
def test_the_pages_run_files_of_this_origin_alone_and_tell_nobody_their_address(path: str) -> None:
    app = FastAPI()
    docs.install(app, "web")
    page = page_of(app, path=path)
    policy = policy_of(page)
    assert policy["script-src"] == ["'self'"]
    closed = ("default-src", "base-uri", "form-action", "frame-ancestors")
    assert [policy[name] for name in closed] == [["'none'"]] * 4
    assert policy.get("connect-src") == (["'self'"] if path == "/docs" else None)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cross-origin-opener-policy"] == "same-origin"


def test_the_page_that_the_sign_in_comes_back_to_neither_repeats_nor_keeps_the_answer() -> None:
    app = FastAPI()
    docs.install(app)
    page = page_of(app, path=f"{docs.REDIRECT_PATH}?code=of-a-sign-in&state=<script>")
    assert "of-a-sign-in" not in page.text
    assert page.headers["cache-control"] == "no-store"


def test_the_page_may_call_the_origins_that_its_document_names_and_no_other() -> None:
    issuer = Issuer("https://identity.example")
    app = FastAPI(servers=[{"url": "https://api.example/v1"}, {"url": "/here"}, {"url": "https://a.example;b/"}])
    protect(app, issuer.verifier())
    docs.install(app)

    @app.get("/notes", dependencies=[Depends(signed_in)])
    async def read_notes() -> str:
        return ""

    assert policy_of(page_of(app))["connect-src"] == ["'self'", "https://api.example", "https://identity.example"]


@pytest.mark.parametrize(("url", "fields"), [("https://identity.example", 1), ("http://localhost:8001", 0)])
async def test_browsers_stay_with_tls_if_the_issuer_has_it(databases: Databases, url: str, fields: int) -> None:
    async with services.posts(databases, Issuer(url).verifier(services.POSTS_URL)) as service:
        for path in ("/livez", "/nothing", "/docs"):
            answer = await service.http.get(path)
            assert answer.headers.get_list("strict-transport-security") == ["max-age=31536000"] * fields
