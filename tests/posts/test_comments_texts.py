"""What a comment may say, and what a request about comments may be."""

from typing import Any
from uuid import uuid4

import pytest

from tests.posts.commenting import ask, comment, comments_of
from tests.posts.people import Person
from tests.posts.test_texts import MALFORMED, TEXTS
from tests.support.services import Posts

OUTSIDE: dict[str, dict[str, Any]] = {
    "no body": {},
    "null": {"body": None},
    "an empty body": {"body": ""},
    "a blank body": {"body": " \t\n\u00a0\u3000"},
    "a long body": {"body": "x" * 5_001},
    "a long body of emoji": {"body": "😀" * 5_001},
    "a body with NUL": {"body": "a\x00b"},
    "a number": {"body": 1},
    "an author": {"body": "A comment", "author_id": str(uuid4())},
    "HTML of its own": {"body": "A comment", "html": "<script>"},
    "a parent that is no id": {"body": "A comment", "parent_id": "1"},
    "a parent that is a list": {"body": "A comment", "parent_id": [str(uuid4())]},
}
HOSTILE = {
    **TEXTS,
    "a link to a script": "[x](javascript:alert(1)) <a href='javascript:alert(1)'>x</a> <img src=x onerror=alert(1)>",
    "the longest": "*" * 5_000,
    "deep quotes": ">" * 5_000,
    "deep lists": "- " * 2_500,
    "open brackets": "[" * 5_000,
    "a table": "|a|\n|-|\n" + "|\n" * 2_400,
    "controls of direction": "\u202eabc\u2066\u200f\u061c",
}


@pytest.fixture
async def post_id(posts: Posts, ada: Person) -> str:
    return str((await posts.publish(ada.headers))["id"])


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_comment_comes_back_as_it_was_written_and_its_html_is_safe(
    posts: Posts, ada: Person, post_id: str, text: str
) -> None:
    written = await comment(posts, ada, post_id, text)
    url = f"/comments/{written['id']}"
    changed = await posts.http.patch(url, json={"body": text + "."[: 5_000 - len(text)]}, headers=ada.headers)
    assert changed.status_code == 200
    assert written["body"] == text
    for html in (written["html"], changed.json()["html"]):
        assert "<script" not in html
        assert "<img" not in html
        assert 'href="javascript' not in html
    assert await comments_of(posts, post_id) == [changed.json()]


async def test_what_a_comment_cannot_be_is_refused(posts: Posts, ada: Person, post_id: str) -> None:
    written = await comment(posts, ada, post_id)
    for name, draft in OUTSIDE.items():
        answer = await posts.http.post(f"/posts/{post_id}/comments", json=draft, headers=ada.headers)
        assert answer.status_code == 422, name
        change = await posts.http.patch(f"/comments/{written['id']}", json=draft, headers=ada.headers)
        assert change.status_code == 422, name
    assert await comments_of(posts, post_id) == [written]


async def test_a_body_that_is_none_is_refused(posts: Posts, ada: Person, post_id: str) -> None:
    for name, (content, kind, status) in MALFORMED.items():
        content = content.replace(b'"title"', b'"parent_id"')
        url, headers = f"/posts/{post_id}/comments", {**ada.headers, **kind}
        answer = await posts.http.post(url, content=content, headers=headers)
        assert answer.status_code == status, name
    assert await comments_of(posts, post_id) == []


async def test_a_path_or_a_query_that_names_nothing_is_refused(posts: Posts, ada: Person, post_id: str) -> None:
    for name in ("1", "%00", "é", "0199a3c1-e5f0-7d6b-8000-00000000000z"):
        assert (await posts.http.get(f"/posts/{name}/comments")).status_code == 422, name
        assert (await posts.http.delete(f"/comments/{name}", headers=ada.headers)).status_code == 422, name
    for query in ("reason=a&reason=b", "reason=%00", "reason=", "reason=%F0%9F%98"):
        answer = await posts.http.delete(f"/comments/{uuid4()}?{query}", headers=ada.headers)
        assert answer.status_code in (404, 422), query
    assert (await ask(posts, ada, str(uuid4()))).status_code == 404
