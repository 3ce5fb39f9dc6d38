"""What a title and a body may hold, and what a request body may be."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.posts.people import Person
from tests.posts.summaries import summary_of
from tests.support.databases import Databases
from tests.support.services import Posts

# One character from the middle of each of Unicode's 17 planes, and what is seldom thought of.
EVERY_PLANE = "".join(chr(plane * 0x10000 + 0x4E2D) for plane in range(17))
TEXTS = {
    "every plane": EVERY_PLANE,
    "emoji": "👩🏽‍🚀 🏳️‍🌈 e\u0301",
    "the last character": "\U0010ffff\ufffe\uffff",
    "HTML": "<script>alert(1)</script> &amp; <b>bold",
    "SQL": "'; DROP TABLE posts; -- $1 %s {0}",
    "control characters": "a\tb\x01\x1b\x7f\u2028c",
}
OUTSIDE: dict[str, tuple[str, Any]] = {
    "no title": ("title", ""),
    "a blank title": ("title", "   "),
    "a title of other blanks": ("title", " \t\n\u00a0\u2003\u3000"),
    "a long title": ("title", "x" * 201),
    "a long title of emoji": ("title", "😀" * 201),
    "a title with NUL": ("title", "a\x00b"),
    "a title that turns the text around it": ("title", "a \u202etxet\u202c"),
    "a title with a mark of direction": ("title", "a\u200f"),
    "a summary that turns the text around it": ("summary", "\u2067a\u2069"),
    "a blank summary": ("summary", " \n "),
    "a long summary": ("summary", "x" * 281),
    "a summary with NUL": ("summary", "\x00"),
    "a number for a summary": ("summary", 1),
    "a number for a title": ("title", 1),
    "a list for a title": ("title", ["x"]),
    "a long body": ("body", "x" * 65_537),
    "a long body of emoji": ("body", "😀" * 16_385),
    "a body with NUL": ("body", "\x00"),
    "no body": ("body", None),
}
JSON = {"Content-Type": "application/json"}
MALFORMED: dict[str, tuple[bytes, dict[str, str], int]] = {
    "half an object": (b'{"title": "x"', JSON, 422),
    "nothing": (b"", JSON, 422),
    "a list": (b"[]", JSON, 422),
    "null": (b"null", JSON, 422),
    "not UTF-8": (b'{"title": "\xff", "body": ""}', JSON, 400),
    "a lone surrogate": (rb'{"title": "x", "body": "\ud800"}', JSON, 422),
    "a lone surrogate in a title": (rb'{"title": "\udfff", "body": "y"}', JSON, 422),
    "a lone surrogate in a name": (rb'{"title": "x", "body": "y", "\ud800": 1}', JSON, 422),
    "not a number": (b'{"title": "x", "body": NaN}', JSON, 422),
    "too deep": (b"[" * 10_000, JSON, 400),
    "too many arrays": (b"[" * 100_000, JSON, 422),
    "another media type": (b'{"title": "x", "body": "y"}', {"Content-Type": "text/plain"}, 422),
    "no media type": (b'{"title": "x", "body": "y"}', {}, 422),
    "a form": (b"title=x&body=y", {"Content-Type": "application/x-www-form-urlencoded"}, 422),
}


async def post(posts: Posts, person: Person, **body: Any) -> httpx.Response:
    return await posts.http.post("/posts", json={"title": "A title", "body": "A body", **body}, headers=person.headers)


@pytest.mark.parametrize(("title", "bound"), [("   ", "at least 1 character"), ("x" * 201, "at most 200 characters")])
async def test_the_length_of_a_title_is_told_in_characters(posts: Posts, ada: Person, title: str, bound: str) -> None:
    [flaw] = (await post(posts, ada, title=title)).json()["errors"]
    assert flaw["detail"] == f"String should have {bound}"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_text_comes_back_as_it_was_given(posts: Posts, databases: Databases, ada: Person, text: str) -> None:
    created = (await post(posts, ada, title=text, body=text)).json()
    changed = await posts.http.patch(f"/posts/{created['id']}", json={"body": text * 2}, headers=ada.headers)
    listed = (await posts.http.get("/posts")).json()["items"]
    assert (created["title"], created["body"]) == (text, text)
    assert listed == [summary_of(changed.json())]
    rows = await databases.fetch("posts_app", "SELECT title, body FROM posts.posts")
    assert [tuple(row) for row in rows] == [(text, text * 2)]


async def test_a_title_loses_the_blanks_around_it_and_a_body_keeps_them(posts: Posts, ada: Person) -> None:
    created = (await post(posts, ada, title="  two  words\n", body="  two  words\n")).json()
    assert (created["title"], created["body"]) == ("two  words", "  two  words\n")


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ("title", "x" * 200),
        ("title", "😀" * 200),
        ("body", ""),
        ("body", "x" * 65_536),
        ("body", "😀" * 16_384),
        ("summary", "😀" * 280),
    ],
)
async def test_text_at_the_limit_is_taken(posts: Posts, ada: Person, member: str, text: str) -> None:
    created = await post(posts, ada, **{member: text})
    assert (created.status_code, created.json()[member]) == (201, text)


@pytest.mark.parametrize(("member", "value"), OUTSIDE.values(), ids=OUTSIDE.keys())
async def test_text_outside_the_limits_is_refused_by_name(
    posts: Posts, databases: Databases, ada: Person, member: str, value: Any
) -> None:
    created = await post(posts, ada)
    url = created.headers["location"]
    changed = await posts.http.patch(url, json={"title": "Another", member: value}, headers=ada.headers)
    for answer in (await post(posts, ada, **{member: value}), changed):
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/body/{member}"]
    rows = await databases.fetch("posts_app", "SELECT title, version FROM posts.posts")
    assert [tuple(row) for row in rows] == [("A title", 1)]


@pytest.mark.parametrize(("content", "headers", "status"), MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_request_body_is_refused(
    posts: Posts, databases: Databases, ada: Person, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await posts.http.post("/posts", content=content, headers={**ada.headers, **headers})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert await databases.fetch("posts_app", "SELECT id FROM posts.posts") == []


async def test_a_request_body_of_ten_megabytes_is_413(posts: Posts, ada: Person) -> None:
    answer = await post(posts, ada, body="x" * 10_000_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_request_body_is_read_no_further_than_its_limit(posts: Posts, ada: Person) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 65_536
            yield b" " * 65_536

    answer = await posts.http.post("/posts", content=endless(), headers={**ada.headers, **JSON})
    assert answer.status_code == 413
    assert sent <= 2 * posts.parts.settings.max_body_bytes
