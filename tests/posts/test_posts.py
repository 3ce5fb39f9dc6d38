"""A post is created, read, changed and deleted."""

import asyncio
import re
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest

from posts_service.posts.schemas import PostRead
from tests.posts.people import Person
from tests.posts.summaries import summary_of
from tests.support.databases import Databases
from tests.support.services import Posts

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


async def test_a_created_post_is_201_with_its_address_and_entity_tag(posts: Posts, ada: Person) -> None:
    created = await posts.http.post("/posts", json={"title": "A title", "body": "A body"}, headers=ada.headers)
    assert created.status_code == 201
    assert created.headers["content-type"] == "application/json"
    read = await posts.http.get(created.headers["location"], headers=ada.headers)
    assert read.content == created.content
    assert read.headers["etag"] == created.headers["etag"]


async def test_a_post_has_the_members_of_its_schema_and_no_others(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, title="A title", body="A body")
    assert list(post) == list(PostRead.model_fields)
    assert UUID(post["id"]).version == 7
    assert {name: post[name] for name in ("title", "body", "state", "version", "author")} == {
        "title": "A title",
        "body": "A body",
        "state": "published",
        "version": 1,
        "author": {"id": ada.id, "username": "ada"},
    }


async def test_every_answer_writes_a_post_alike_and_instants_in_utc(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    read = (await posts.http.get(f"/posts/{post['id']}", headers=ada.headers)).json()
    listed = (await posts.http.get("/posts")).json()["items"]
    unchanged = (await posts.http.patch(f"/posts/{post['id']}", json={}, headers=ada.headers)).json()
    assert [post] == [read] == [unchanged]
    assert listed == [summary_of(post)]
    assert all(INSTANT.fullmatch(post[name]) for name in ("created_at", "updated_at", "published_at"))


async def test_a_created_post_is_there_for_everybody_else(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers, title="Kept")
    rows = await databases.fetch("posts_app", "SELECT id::text, title, author_id::text, version FROM posts.posts")
    assert [tuple(row) for row in rows] == [(post["id"], "Kept", ada.id, 1)]


async def test_an_unknown_post_is_404(posts: Posts) -> None:
    answer = await posts.http.get(f"/posts/{uuid4()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "post_not_found")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("post_id", ["1", "x" * 500, "%00", "%ed%a0%80", "0190-", "..%2fposts"])
async def test_an_id_that_is_none_is_refused(posts: Posts, post_id: str) -> None:
    answer = await posts.http.get(f"/posts/{post_id}")
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_members_left_out_of_a_change_stay(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, title="Old title", body="Old body")
    changed = await posts.http.patch(f"/posts/{post['id']}", json={"body": "New body"}, headers=ada.headers)
    made = {"summary": "New body", "html": "<p>New body</p>", "updated_at": changed.json()["updated_at"]}
    expected = {**post, "body": "New body", "version": 2, **made}
    assert changed.json() == expected
    assert (await posts.http.get(f"/posts/{post['id']}", headers=ada.headers)).json() == expected
    assert expected["updated_at"] > post["updated_at"]


@pytest.mark.parametrize("member", ["title", "body", "state", "tags"])
async def test_null_is_not_absent(posts: Posts, ada: Person, member: str) -> None:
    post = await posts.publish(ada.headers)
    change = {"title": "Another", "body": "Another", "state": "draft", member: None}
    answer = await posts.http.patch(f"/posts/{post['id']}", json=change, headers=ada.headers)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/body/{member}"]
    assert (await posts.http.get(f"/posts/{post['id']}", headers=ada.headers)).json() == post


async def test_the_document_promises_null_only_for_members_that_may_be_empty(posts: Posts) -> None:
    document = (await posts.http.get("/openapi.json")).json()
    change = document["components"]["schemas"]["PostChanges"]
    may_be_null = {name for name, member in change["properties"].items() if "null" in str(member.get("anyOf"))}
    assert change["properties"].keys() == {"title", "body", "summary", "tags", "state", "published_at"}
    assert may_be_null == {"summary", "published_at"}
    assert "required" not in change


@pytest.mark.parametrize("change", [{}, {"title": "A title"}, {"title": " A title ", "state": "published"}])
async def test_a_change_of_nothing_leaves_the_version_alone(posts: Posts, ada: Person, change: dict[str, str]) -> None:
    post = await posts.publish(ada.headers, title="A title")
    answer = await posts.http.patch(f"/posts/{post['id']}", json=change, headers=ada.headers)
    assert (answer.status_code, answer.json()) == (200, post)


async def test_every_change_counts_one_version(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    changes: list[dict[str, Any]] = [{"title": "b"}, {"body": "c"}, {"title": "d", "body": "e"}, {"title": "b"}]
    answers = [await posts.http.patch(f"/posts/{post['id']}", json=change, headers=ada.headers) for change in changes]
    assert [answer.json()["version"] for answer in answers] == [2, 3, 4, 5]


async def test_thirty_changes_at_once_are_thirty_versions(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    url = f"/posts/{post['id']}"
    changes = [posts.http.patch(url, json={"title": f"Title {n}"}, headers=ada.headers) for n in range(30)]
    answers = await asyncio.gather(*changes)
    assert Counter(answer.status_code for answer in answers) == {200: 30}
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 32))
    last = max(answers, key=lambda answer: int(answer.json()["version"])).json()
    rows = await databases.fetch("posts_app", "SELECT title, version FROM posts.posts")
    assert [tuple(row) for row in rows] == [(last["title"], 31)]


async def test_a_deleted_post_is_gone(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    deleted = await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)
    assert (deleted.status_code, deleted.content) == (204, b"")
    again = await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)
    changed = await posts.http.patch(f"/posts/{post['id']}", json={"title": "Back"}, headers=ada.headers)
    read = await posts.http.get(f"/posts/{post['id']}", headers=ada.headers)
    assert [answer.status_code for answer in (again, changed, read)] == [404, 404, 404]
    assert (await posts.http.get("/posts")).json() == {"items": [], "next": None}


async def test_two_deletions_at_once_delete_once(posts: Posts, ada: Person) -> None:
    for _ in range(5):
        post = await posts.publish(ada.headers)
        deletions = [posts.http.delete(f"/posts/{post['id']}", headers=ada.headers) for _ in range(2)]
        assert sorted([answer.status_code for answer in await asyncio.gather(*deletions)]) == [204, 404]


async def test_a_deletion_and_a_change_at_once_leave_no_post(posts: Posts, ada: Person) -> None:
    for _ in range(5):
        post = await posts.publish(ada.headers)
        url = f"/posts/{post['id']}"
        changed, deleted = await asyncio.gather(
            posts.http.patch(url, json={"title": "Another"}, headers=ada.headers),
            posts.http.delete(url, headers=ada.headers),
        )
        assert deleted.status_code == 204
        assert changed.status_code in (200, 404)
        assert (await posts.http.get(url)).status_code == 404
