"""The documentation page is our own: no other host serves a part of it."""

import asyncio
import re
from base64 import b64encode
from hashlib import sha256

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


def policy_of(page: httpx.Response) -> dict[str, list[str]]:
    parts = [part.split() for part in page.headers["content-security-policy"].split(";")]
    return {name: sources for name, *sources in parts}


def test_the_page_may_run_its_own_script_and_no_other() -> None:
    app = FastAPI()
    docs.install(app, "web")
    page = page_of(app)
    [script] = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    own = f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
    policy = policy_of(page)
    assert policy["script-src"] == ["'self'", own]
    assert [policy[name] for name in ("default-src", "base-uri", "frame-ancestors")] == [["'none'"]] * 3
    assert policy["connect-src"] == ["'self'"]
    assert page.headers["referrer-policy"] == "no-referrer"


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
