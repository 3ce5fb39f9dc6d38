"""The page of somebody's own posts: the same for everybody, with contents that are the reader's alone."""

import re

import pytest

from tests.posts.people import Person
from tests.support.services import Posts


async def test_the_page_is_public_and_runs_nothing_but_our_own_files(posts: Posts) -> None:
    answer = await posts.http.get("/mine")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy
    assert "<script>" not in answer.text
    files = re.findall(r'(?:src|href)="(/assets/[^"]+)"', answer.text)
    assert len(files) == 2
    for path in files:
        asset = await posts.http.get(path)
        assert (asset.status_code, "immutable" in asset.headers["cache-control"]) == (200, True)
        assert asset.headers["content-type"].split(";")[0] in ("text/css", "text/javascript")
    assert (await posts.http.get("/assets/mine.js")).status_code == 404


async def test_its_contents_are_the_titles_of_the_readers_own_posts(posts: Posts, ada: Person) -> None:
    await posts.publish(ada.headers, title="<b>Bold</b> & brave")
    await posts.publish(ada.headers, title="Unfinished", state="draft")
    await posts.publish(Person(ada.issuer, "bob").headers, title="Of somebody else")
    answer = await posts.http.get("/mine/contents", headers=ada.headers)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert f"signed in as <strong>{ada.username}</strong>" in answer.text
    assert "<li>&lt;b&gt;Bold&lt;/b&gt; &amp; brave</li>" in answer.text
    assert 'Unfinished <span class="quiet">(draft)</span>' in answer.text
    assert "somebody else" not in answer.text


async def test_nobody_sees_where_to_sign_in_and_a_bad_token_is_refused(posts: Posts) -> None:
    answer = await posts.http.get("/mine/contents")
    assert (answer.status_code, 'href="/auth/start?return=/mine"' in answer.text) == (200, True)
    assert (await posts.http.get("/mine/contents", headers={"Authorization": "Bearer x"})).status_code == 401


@pytest.mark.parametrize("path", ["/auth/token", "/auth/sign-out"])
async def test_pages_of_other_origins_do_not_get_at_the_session(posts: Posts, path: str) -> None:
    answer = await posts.http.post(path, headers={"Origin": "http://localhost:8001"})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert "access-control-allow-origin" not in answer.headers
    preflight = {"Origin": "http://localhost:8001", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in (await posts.http.options(path, headers=preflight)).headers
