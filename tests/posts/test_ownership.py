"""Whose post it is."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from posts_service.posts.policy import Permission
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts

EDIT: dict[str, Any] = {"method": "PATCH", "json": {"title": "Mine now"}, "params": {"reason": "Spam"}}
DELETE: dict[str, Any] = {"method": "DELETE", "params": {"reason": "Spam"}}
READ: dict[str, Any] = {"method": "GET"}
SOMEBODY = "01890000-0000-7000-8000-000000000000"

STORED = "SELECT title, version FROM posts.posts WHERE id = $1"


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def without_request_id(answer: httpx.Response) -> tuple[int, dict[str, Any], dict[str, str]]:
    body = {name: value for name, value in answer.json().items() if name != "request_id"}
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, body, headers


async def test_author_edits_own_post(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    answer = await posts.http.request(url=f"/posts/{post['id']}", headers=ada.headers, **EDIT)
    assert answer.status_code == 200
    assert answer.json()["title"] == "Mine now"


async def test_author_deletes_own_post(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    answer = await posts.http.request(url=f"/posts/{post['id']}", headers=ada.headers, **DELETE)
    assert answer.status_code == 204
    assert await databases.fetch("posts_app", STORED, post["id"]) == []


@pytest.mark.parametrize("act", [EDIT, DELETE])
async def test_stranger_cannot_edit_or_delete_a_post(
    posts: Posts, databases: Databases, ada: Person, stranger: Person, act: dict[str, Any]
) -> None:
    post = await posts.publish(ada.headers, title="Hers")
    answer = await posts.http.request(url=f"/posts/{post['id']}", headers=stranger.headers, **act)
    assert code(answer) == (403, "not_the_author")
    assert [tuple(row) for row in await databases.fetch("posts_app", STORED, post["id"])] == [("Hers", 1)]


async def test_author_sees_own_draft(posts: Posts, ada: Person) -> None:
    draft = await posts.publish(ada.headers, state="draft")
    answer = await posts.http.get(f"/posts/{draft['id']}", headers=ada.headers)
    assert answer.json() == draft


async def test_draft_does_not_exist_for_anonymous_readers(posts: Posts, ada: Person) -> None:
    draft = await posts.publish(ada.headers, state="draft")
    answer = await posts.http.get(f"/posts/{draft['id']}")
    assert code(answer) == (404, "post_not_found")


@pytest.mark.parametrize("act", [READ, EDIT, DELETE])
async def test_draft_of_another_looks_like_no_post_at_all(
    posts: Posts, databases: Databases, ada: Person, stranger: Person, moderator: Person, act: dict[str, Any]
) -> None:
    draft = await posts.publish(ada.headers, state="draft", title="Hers")
    for caller in (stranger, moderator):
        hidden = await posts.http.request(url=f"/posts/{draft['id']}", headers=caller.headers, **act)
        absent = await posts.http.request(url=f"/posts/{uuid4()}", headers=caller.headers, **act)
        assert hidden.status_code == 404
        assert without_request_id(hidden) == without_request_id(absent)
    assert [tuple(row) for row in await databases.fetch("posts_app", STORED, draft["id"])] == [("Hers", 1)]


@pytest.mark.parametrize(
    ("permission", "edited", "deleted"),
    [(Permission.POST_EDIT_ANY, 200, 403), (Permission.POST_DELETE_ANY, 403, 204), ("post:read_any", 403, 403)],
)
async def test_each_permission_allows_what_it_names_and_nothing_else(
    posts: Posts, ada: Person, stranger: Person, permission: str, edited: int, deleted: int
) -> None:
    post = await posts.publish(ada.headers)
    headers = stranger.bearer(permissions=[permission])
    answers = [await posts.http.request(url=f"/posts/{post['id']}", headers=headers, **act) for act in (EDIT, DELETE)]
    assert [answer.status_code for answer in answers] == [edited, deleted]


@pytest.mark.parametrize("role", ["moderator", "admin", Permission.POST_EDIT_ANY, Permission.POST_DELETE_ANY])
@pytest.mark.parametrize("act", [EDIT, DELETE])
async def test_a_role_name_alone_gives_nothing(
    posts: Posts, ada: Person, stranger: Person, role: str, act: dict[str, Any]
) -> None:
    post = await posts.publish(ada.headers)
    answer = await posts.http.request(url=f"/posts/{post['id']}", headers=stranger.bearer(roles=[role]), **act)
    assert code(answer) == (403, "not_the_author")


async def test_an_edit_by_a_moderator_leaves_the_post_its_authors(posts: Posts, ada: Person, moderator: Person) -> None:
    post = await posts.publish(ada.headers)
    edited = await posts.http.request(url=f"/posts/{post['id']}", headers=moderator.headers, **EDIT)
    assert edited.json()["author"] == {"id": ada.id, "username": "ada"}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("author_id", SOMEBODY),
        ("author", {"id": SOMEBODY, "username": "eve"}),
        ("id", SOMEBODY),
        ("version", 7),
        ("created_at", "2020-01-01T00:00:00Z"),
        ("unpublished_reason", "None"),
    ],
)
async def test_nobody_is_named_in_a_body(posts: Posts, ada: Person, member: str, value: object) -> None:
    """What the service decides by itself cannot be sent, neither with a new post nor with a change."""
    post = await posts.publish(ada.headers)
    body = {"title": "A title", "body": "A body", member: value}
    created = await posts.http.post("/posts", json=body, headers=ada.headers)
    changed = await posts.http.patch(f"/posts/{post['id']}", json={member: value}, headers=ada.headers)
    for answer in (created, changed):
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/body/{member}"]
    assert (await posts.http.get(f"/posts/{post['id']}", headers=ada.headers)).json() == post
