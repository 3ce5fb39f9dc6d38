"""What the pages for writing ask for beside the API: the keys of a person's texts, and previews."""

from base64 import b64decode, b64encode
from typing import Any

import pytest

from tests.posts.people import WRITE, Person
from tests.posts.rendering.test_renderer import HARD
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import SEALING_KEY, Posts
from watchword.testing import Issuer

OTHER_KEY = b64encode(bytes(range(7, 39))).decode()


async def key_answer(posts: Posts, person: Person) -> dict[str, Any]:
    answer = await posts.http.get("/write/key", headers=person.headers)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return dict(answer.json())


async def test_a_person_has_one_key_for_ever_and_nobody_else_has_it(posts: Posts, ada: Person, issuer: Issuer) -> None:
    own = await key_answer(posts, ada)
    assert own == await key_answer(posts, ada)
    assert own["person_id"] == ada.id
    [key] = own["keys"]
    assert len(b64decode(key, validate=True)) == 32
    # A namesake is another person.
    assert await key_answer(posts, Person(issuer, ada.username)) != own
    assert key != SEALING_KEY


async def test_a_key_outlives_a_restart_and_the_former_sealing_key_gives_the_former_key(
    databases: Databases, issuer: Issuer, ada: Person, without_issuer: None
) -> None:
    keys = []
    rotated = {"pages_sealing_key": OTHER_KEY, "pages_former_sealing_key": SEALING_KEY}
    each_start: list[dict[str, Any]] = [{}, {}, rotated]
    for settings in each_start:
        async with services.posts(databases, issuer.verifier(), **settings) as started:
            keys.append((await key_answer(started, ada))["keys"])
    first, again, changed = keys
    assert first == again == changed[1:]
    assert len(set(changed)) == 2


async def test_a_preview_is_the_html_that_the_post_will_have_and_stores_nothing(
    posts: Posts, ada: Person, databases: Databases
) -> None:
    body = "# Engines\n\n<script>alert(1)</script> and *looms*"
    before = await databases.fetch("posts_app", "SELECT count(*) FROM posts.posts")
    answer = await posts.http.post("/write/preview", json={"body": body}, headers=ada.headers)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert await databases.fetch("posts_app", "SELECT count(*) FROM posts.posts") == before
    assert "<em>looms</em>" in answer.json()["html"]
    assert "<script" not in answer.json()["html"]
    assert answer.json()["html"] == (await posts.publish(ada.headers, body=body))["html"]


@pytest.mark.parametrize(
    ("body", "code"),
    [({"body": "ä" * 32_769}, "too_long"), ({"body": "\x00"}, "string_pattern_mismatch"), ({}, "missing")],
    ids=["too_long", "nul", "nothing"],
)
async def test_a_preview_refuses_what_a_post_refuses(posts: Posts, ada: Person, body: Any, code: str) -> None:
    answer = await posts.http.post("/write/preview", json=body, headers=ada.headers)
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/body/body", code)]


async def test_a_preview_is_refused_as_rendering_is(posts: Posts, ada: Person) -> None:
    async def refusal() -> tuple[int, list[tuple[str | None, str]]]:
        answer = await posts.http.post("/write/preview", json={"body": HARD}, headers=ada.headers)
        problem = answer.json()
        return answer.status_code, [(each.get("pointer"), each["code"]) for each in problem.get("errors", [problem])]

    assert await refusal() == (422, [("/body/body", "too_hard_to_render")])
    await posts.parts.renderer.close()
    assert await refusal() == (503, [(None, "rendering_busy")])


async def test_only_a_person_who_may_write_gets_a_key_or_a_preview(posts: Posts, ada: Person, issuer: Issuer) -> None:
    for headers, status in (
        ({}, 401),
        ({"Cookie": "posts_session=x"}, 401),
        (ada.bearer(scope=""), 403),
        (issuer.bearer(ada.id, username=None, scope=WRITE), 403),
    ):
        assert (await posts.http.get("/write/key", headers=headers)).status_code == status
        preview = await posts.http.post("/write/preview", json={"body": "A body"}, headers=headers)
        assert preview.status_code == status


@pytest.mark.parametrize(("method", "path"), [("GET", "/write/key"), ("POST", "/write/preview")])
async def test_a_page_of_another_origin_reads_neither(
    databases: Databases, issuer: Issuer, ada: Person, without_issuer: None, method: str, path: str
) -> None:
    origin = "http://localhost:8001"
    async with services.posts(databases, issuer.verifier(), cors_origins=origin) as allowing:
        preflight = {
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization",
        }
        answer = await allowing.http.options(path, headers=preflight)
        assert "access-control-allow-origin" not in answer.headers
        # So that the check above can fail: the same page may read posts.
        answer = await allowing.http.options("/posts", headers=preflight)
        assert answer.headers["access-control-allow-origin"] == origin
