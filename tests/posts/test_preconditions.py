"""Preconditions on every method of a post (RFC 9110 section 13), and what comes before them."""

from typing import Any

import httpx
import pytest

from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Identity, Posts


async def ask(posts: Posts, person: Person, method: str, *lines: tuple[str, str]) -> httpx.Response:
    """Send a request about a new post; `{etag}` in a line stands for its tag."""
    created = await posts.http.post("/posts", json={"title": "A title", "body": ""}, headers=person.headers)
    fields = [*person.headers.items(), *((name, value.format(etag=created.headers["etag"])) for name, value in lines)]
    json: dict[str, Any] = {"json": {"title": "New"}} if method == "PATCH" else {}
    return await posts.http.request(method, created.headers["location"], headers=fields, **json)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("field", ["{etag}", "W/{etag}", "*", '"other", {etag}'])
async def test_a_change_of_what_the_client_has_already_is_412(
    posts: Posts, databases: Databases, ada: Person, method: str, field: str
) -> None:
    answer = await ask(posts, ada, method, ("If-None-Match", field))
    assert (answer.status_code, answer.json()["code"]) == (412, "post_changed")
    rows = await databases.fetch("posts_app", "SELECT title, version FROM posts.posts")
    assert [tuple(row) for row in rows] == [("A title", 1)]


@pytest.mark.parametrize(("method", "status"), [("PATCH", 200), ("DELETE", 204)])
async def test_a_change_of_what_the_client_does_not_have_is_made(
    posts: Posts, ada: Person, method: str, status: int
) -> None:
    assert (await ask(posts, ada, method, ("If-None-Match", '"other"'))).status_code == status


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("field", "status"), [("{etag}", 200), ("*", 200), ("W/{etag}", 412), ('"other"', 412), ("nonsense", 412)]
)
async def test_a_read_asks_for_the_version_that_it_expects(
    posts: Posts, ada: Person, method: str, field: str, status: int
) -> None:
    assert (await ask(posts, ada, method, ("If-Match", field))).status_code == status


@pytest.mark.parametrize(("method", "status"), [("GET", 304), ("PATCH", 412), ("DELETE", 412)])
@pytest.mark.parametrize("order", [1, -1])
async def test_several_lines_of_a_field_are_one_list(
    posts: Posts, ada: Person, method: str, status: int, order: int
) -> None:
    unlike, alike = ("If-None-Match", '"other"'), ("If-None-Match", "{etag}")
    assert (await ask(posts, ada, method, *[unlike, alike][::order])).status_code == status
    expected = [("If-Match", '"other"'), ("If-Match", "{etag}")][::order]
    assert (await ask(posts, ada, method, *expected)).status_code in (200, 204)


async def test_a_refusal_comes_before_a_precondition(posts: Posts, ada: Person, stranger: Person) -> None:
    created = await posts.http.post("/posts", json={"title": "A title", "body": ""}, headers=ada.headers)
    url, stale = created.headers["location"], {"If-Match": '"other"'}
    assert (await posts.http.patch(url, json={"title": "New"}, headers=stale)).status_code == 401
    assert (
        await posts.http.patch(url, json={"title": "New"}, headers={**stranger.headers, **stale})
    ).status_code == 403
    assert (await posts.http.patch(url, json={"title": 1}, headers={**ada.headers, **stale})).status_code == 422
    assert (await posts.http.get("/posts/00000000-0000-0000-0000-000000000000", headers=stale)).status_code == 404


async def test_the_keys_obey_preconditions_too(identity: Identity) -> None:
    url = "/.well-known/jwks.json"
    etag = (await identity.http.get(url)).headers["etag"]
    lines = [("If-None-Match", '"other"'), ("If-None-Match", etag)]
    assert (await identity.http.get(url, headers=lines)).status_code == 304
    assert (await identity.http.get(url, headers={"If-Match": '"other"'})).status_code == 412
    assert (await identity.http.get(url, headers={"If-Match": etag})).status_code == 200
