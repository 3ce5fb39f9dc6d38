"""The caller is identified before anything else of the request is checked."""

from typing import Any

import httpx
import pytest

from tests.posts.people import WRITE, Person
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.testing import Issuer
from watchword.testing.issuer import ABSENT

UNKNOWN = "01890000-0000-7000-8000-000000000000"
POST = {"title": "A title", "body": "A body"}

WRITES: dict[str, dict[str, Any]] = {
    "a valid post": {"method": "POST", "url": "/posts", "json": POST},
    "a post without a title": {"method": "POST", "url": "/posts", "json": {}},
    "a body that is not JSON": {"method": "POST", "url": "/posts", "content": b"{"},
    "a body that is not UTF-8": {"method": "POST", "url": "/posts", "content": b'{"title": "\xff"}'},
    "another media type": {"method": "POST", "url": "/posts", "data": POST},
    "a body that is too large": {"method": "POST", "url": "/posts", "content": b" " * 2_000_000},
    "a change to an unknown post": {"method": "PATCH", "url": f"/posts/{UNKNOWN}", "json": {"title": "Another"}},
    "a change to a malformed id": {"method": "PATCH", "url": "/posts/1", "json": {"title": "Another"}},
    "a malformed change": {"method": "PATCH", "url": f"/posts/{UNKNOWN}", "content": b"]"},
    "a deletion of an unknown post": {"method": "DELETE", "url": f"/posts/{UNKNOWN}"},
    "a deletion of a malformed id": {"method": "DELETE", "url": "/posts/%00"},
}
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())


async def ask(posts: Posts, request: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    kind = {"Content-Type": "application/json"} if "content" in request else {}
    return await posts.http.request(**request, headers={**kind, **headers})


@each_write
async def test_no_token_is_401_whatever_was_sent(posts: Posts, write: dict[str, Any]) -> None:
    answer = await ask(posts, write, {})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer realm=")
    assert "error" not in challenge


@each_write
async def test_an_invalid_token_is_401_whatever_was_sent(posts: Posts, ada: Person, write: dict[str, Any]) -> None:
    answer = await ask(posts, write, ada.bearer(expires_in=-60))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@each_write
@pytest.mark.parametrize("scope", ["", "posts:read", "posts", "posts:writes", "POSTS:WRITE"])
async def test_a_token_without_the_scope_is_403_whatever_was_sent(
    posts: Posts, ada: Person, write: dict[str, Any], scope: str
) -> None:
    answer = await ask(posts, write, ada.bearer(scope=scope))
    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"
    assert answer.headers["www-authenticate"].endswith(f'error="insufficient_scope", scope="{WRITE}"')


@pytest.mark.parametrize("url", ["/posts", f"/posts/{UNKNOWN}", "/posts/1", "/posts?limit=0", "/posts?cursor=x"])
async def test_an_invalid_token_is_401_on_a_public_read_too(posts: Posts, ada: Person, url: str) -> None:
    answer = await posts.http.get(url, headers=ada.bearer(expires_in=-60))
    assert answer.status_code == 401


async def test_a_service_owns_nothing_and_cannot_publish(posts: Posts, databases: Databases, issuer: Issuer) -> None:
    service = issuer.bearer("feed-reader", username=None, scope=WRITE)
    answer = await posts.http.post("/posts", json=POST, headers=service)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert await databases.fetch("posts_app", "SELECT id FROM posts.authors") == []


async def test_a_person_without_a_name_cannot_publish(posts: Posts, ada: Person) -> None:
    nameless = ada.bearer(claims={"preferred_username": ABSENT})
    answer = await posts.http.post("/posts", json=POST, headers=nameless)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


async def test_a_service_whose_name_is_a_persons_id_is_not_that_person(
    posts: Posts, issuer: Issuer, ada: Person
) -> None:
    """RFC 9700 section 4.15."""
    post, draft = await posts.publish(ada.headers), await posts.publish(ada.headers, state="draft")
    service = issuer.bearer(ada.id, username=None, scope=WRITE)
    requests: list[tuple[str, str, int]] = [
        ("GET", draft["id"], 404),
        ("DELETE", draft["id"], 404),
        ("DELETE", post["id"], 403),
        ("GET", post["id"], 200),
    ]
    for method, post_id, expected in requests:
        answer = await posts.http.request(method, f"/posts/{post_id}", headers=service)
        assert answer.status_code == expected, f"{method} {post_id}"
    assert (await posts.http.get("/posts?state=draft", headers=service)).status_code == 403
