"""The page at `/` says what a service is and where everything is, to people and to programs."""

import base64
import hashlib
import re

import httpx
import pytest
from fastapi import FastAPI

from tests.support.services import IDENTITY_URL, POSTS_URL, Identity, Posts
from watchword.service import Link, install
from watchword.service.front_page import front_page_routes

PATHS_OF_IDENTITY = {
    "/sign-in",
    "/sign-up",
    "/.well-known/openid-configuration",
    "/.well-known/jwks.json",
    "/.well-known/ssf-configuration",
}
PATHS_OF_BOTH = {"/docs", "/openapi.json", "/livez", "/readyz", "/metrics"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def links_of(page: httpx.Response) -> set[str]:
    return set(re.findall(r'href="([^"]+)"', page.text))


async def test_front_page_names_everything_and_every_path_that_it_names_answers(
    identity: Identity, posts: Posts
) -> None:
    issuer = posts.parts.settings.issuer
    paths_of_posts = {"/feed.atom", "/mine", "/posts", issuer}
    for service, path, paths in ((identity, "/", PATHS_OF_IDENTITY), (posts, "/about", paths_of_posts)):
        page = await service.http.get(path, headers={"Accept": BROWSER})
        assert page.status_code == 200
        assert links_of(page) >= paths | PATHS_OF_BOTH
        for path in (paths | PATHS_OF_BOTH) - {issuer}:
            # Nobody sends these services the events that /readyz waits for.
            assert (await service.http.get(path)).status_code in {200, 503 if path == "/readyz" else 200}, path


async def test_identity_names_posts_if_it_knows_it(identity: Identity) -> None:
    import identity_service.app

    identity.parts.settings.posts_audience = POSTS_URL
    app = identity_service.app.create_app(identity.parts)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=IDENTITY_URL) as http:
        assert POSTS_URL in links_of(await http.get("/"))


async def test_front_page_may_be_cached_and_runs_and_loads_nothing(identity: Identity) -> None:
    page = await identity.http.get("/", headers={"Accept": BROWSER})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (page.headers["cache-control"], page.headers["vary"]) == ("public, max-age=300", "Accept, Origin")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert not re.search(r"<script|style=|\son\w+=", page.text)
    assert '<meta name="viewport" content="width=device-width' in page.text


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("application/*;q=1, text/html;q=0.9, */*;q=0.1", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        (BROWSER, "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
        ("image/png", "text/html"),
        ("application/json;q=nan, text/html;q=0.1", "text/html"),
        ("text/html, application/json", "text/html"),
        ("application/json" + 4_096 * ",", "text/html"),
    ],
)
async def test_the_caller_chooses_between_html_and_json(posts: Posts, accept: str, media_type: str) -> None:
    answer = await posts.http.get("/", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == media_type


async def test_programs_get_the_same_links(identity: Identity, posts: Posts) -> None:
    for service, path, title in ((identity, "/", "Watchword identity"), (posts, "/about", "Watchword posts")):
        content = (await service.http.get("/", headers={"Accept": "application/json"})).json()
        page = await service.http.get(path)
        assert content["title"] == title
        assert {link["url"] for link in content["links"]} <= links_of(page)


async def test_front_page_is_public_read_only_and_not_in_the_document(identity: Identity, posts: Posts) -> None:
    for service in (identity, posts):
        assert "/" not in (await service.http.get("/openapi.json")).json()["paths"]
        assert (await service.http.head("/")).status_code == 200
        assert (await service.http.post("/")).status_code == 405


async def test_texts_are_escaped_and_paths_are_below_the_prefix() -> None:
    app = FastAPI()
    app.include_router(front_page_routes("<b>", "a & b", [Link('/x"', "</dd>", "<i>")]))
    transport = httpx.ASGITransport(app, root_path="/notes")
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as http:
        page = await http.get("/")
    assert not re.search("<b>|<i>", page.text)
    assert "/notes/x&quot;" in links_of(page)
    assert "/notes/docs" in links_of(page)


async def test_a_service_that_only_installs_the_frame_keeps_its_own_front_page() -> None:
    app = FastAPI()
    install(app, "notes")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.example") as http:
        assert (await http.get("/")).status_code == 404
