"""Comments: who may write, change and remove them, and what is left of them."""

from typing import Any
from uuid import uuid4

import pytest

from posts_service.posts.policy import Permission
from tests.posts.commenting import ask, comment, comments_of, counts, remove
from tests.posts.moderating import page
from tests.posts.people import WRITE, Person
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.testing import Issuer

ACTS = """SELECT action, actor_id::text, owner_id::text, post_id::text, comment_id::text, reason
    FROM posts.moderation_actions"""
MEMBERS = {"id", "post_id", "parent_id", "author", "body", "html", "is_removed", "version", "created_at", "updated_at"}


@pytest.fixture
def moderator(issuer: Issuer) -> Person:
    """A person who may delete the comments of others."""
    return Person(issuer, "grace", (Permission.COMMENT_DELETE_ANY,))


async def test_a_comment_is_read_as_it_was_written_with_its_markdown_as_html(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    answer = await ask(posts, stranger, post["id"], "It *does* <b>weave</b>.")
    written = answer.json()
    assert answer.headers["location"] == f"/comments/{written['id']}"
    assert answer.headers["etag"] == '"1"'
    assert written.keys() == MEMBERS
    assert written["html"] == "<p>It <em>does</em> &lt;b&gt;weave&lt;/b&gt;.</p>"
    assert written["author"] == {"id": stranger.id, "username": "mallory"}
    assert await comments_of(posts, post["id"]) == [written]
    assert (await posts.http.get(f"/posts/{post['id']}")).json()["comments"] == 1
    [row] = await databases.fetch("posts_app", "SELECT version, updated_at = created_at AS same FROM posts.posts")
    assert tuple(row) == (1, True)


async def test_a_comment_can_be_answered_and_an_answer_cannot(posts: Posts, ada: Person, stranger: Person) -> None:
    post, other = await posts.publish(ada.headers), await posts.publish(ada.headers)
    first = await comment(posts, stranger, post["id"])
    reply = await comment(posts, ada, post["id"], "An answer", first["id"])
    assert (first["parent_id"], reply["parent_id"]) == (None, first["id"])
    for post_id, parent_id, code in (
        (post["id"], reply["id"], "answer_too_deep"),
        (other["id"], first["id"], "parent_not_found"),
        (post["id"], str(uuid4()), "parent_not_found"),
    ):
        refusal = await ask(posts, stranger, post_id, "Another", parent_id)
        assert (refusal.status_code, refusal.json()["errors"][0]["code"]) == (422, code)
        assert refusal.json()["errors"][0]["pointer"] == "/body/parent_id"


async def test_what_a_comment_says_is_changed_by_its_author_alone(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    url = f"/comments/{(await comment(posts, stranger, post['id']))['id']}"
    for person in (ada, moderator):
        refusal = await posts.http.patch(url, json={"body": "Not mine"}, headers=person.headers)
        assert (refusal.status_code, refusal.json()["code"]) == (403, "not_the_comments_author")
    changed = await posts.http.patch(url, json={"body": "`Another`"}, headers=stranger.headers)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["html"] == "<p><code>Another</code></p>"
    assert await comments_of(posts, post["id"]) == [changed.json()]
    same = await posts.http.patch(url, json={"body": "`Another`"}, headers=stranger.headers)
    assert same.json() == changed.json()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_change_names_the_version_that_it_is_of(
    posts: Posts, ada: Person, stranger: Person, method: str
) -> None:
    post = await posts.publish(ada.headers)
    url = f"/comments/{(await comment(posts, stranger, post['id']))['id']}"
    body: dict[str, Any] = {"json": {"body": "Another"}} if method == "PATCH" else {}
    for field, tag in (("If-Match", '"2"'), ("If-Match", 'W/"1"'), ("If-None-Match", '"1"')):
        refusal = await posts.http.request(method, url, headers={**stranger.headers, field: tag}, **body)
        assert (refusal.status_code, refusal.json()["code"]) == (412, "comment_changed")
    answer = await posts.http.request(method, url, headers={**stranger.headers, "If-Match": '"1"'}, **body)
    assert answer.is_success


async def test_a_comment_is_removed_by_its_author_by_the_posts_author_and_by_a_moderator_with_a_reason(
    posts: Posts, databases: Databases, ada: Person, stranger: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    ids = [(await comment(posts, stranger, post["id"]))["id"] for _ in range(3)]
    bystander = Person(ada.issuer, "eve", (Permission.POST_DELETE_ANY,))
    assert (await remove(posts, bystander, ids[0], reason="Mine")).json()["code"] == "not_the_comments_author"
    for person, comment_id in ((stranger, ids[0]), (ada, ids[1])):
        assert (await remove(posts, person, comment_id, reason="Ignored")).status_code == 204
    for query in ({}, {"reason": " "}, {"reason": "x" * 1_001}):
        assert (await remove(posts, moderator, ids[2], **query)).status_code == 422
    assert (await remove(posts, moderator, ids[2])).json()["errors"][0]["code"] == "reason_required"
    assert await databases.fetch("posts_app", ACTS) == []
    assert (await remove(posts, moderator, ids[2], reason=" Spam ")).status_code == 204
    [act] = await databases.fetch("posts_app", ACTS)
    assert tuple(act) == ("delete_comment", moderator.id, stranger.id, post["id"], ids[2], "Spam")
    [named] = (await page(posts, moderator, "actions"))["items"]
    assert (named["actor"]["username"], named["owner"]["username"]) == (moderator.username, stranger.username)
    assert await counts(databases) == [(0, 0, 0, 0)]
    assert (await remove(posts, stranger, ids[0])).json()["code"] == "comment_not_found"


async def test_a_removed_comment_stays_as_a_placeholder_until_its_last_answer_goes(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    first = await comment(posts, stranger, post["id"])
    answers = [await comment(posts, ada, post["id"], f"Answer {number}", first["id"]) for number in range(2)]
    assert (await remove(posts, stranger, first["id"])).status_code == 204
    placeholder, *rest = await comments_of(posts, post["id"])
    assert rest == answers
    assert {name for name, value in placeholder.items() if value is None} == {"author", "body", "html", "parent_id"}
    assert (placeholder["is_removed"], placeholder["version"]) == (True, 2)
    assert await counts(databases) == [(2, 2, 1, 0)]
    patch = await posts.http.patch(f"/comments/{first['id']}", json={"body": "Back"}, headers=stranger.headers)
    again = await remove(posts, stranger, first["id"])
    assert [patch.json()["code"], again.json()["code"]] == ["comment_not_found"] * 2
    assert (await ask(posts, ada, post["id"], "Late", first["id"])).json()["errors"][0]["code"] == "parent_not_found"
    for remaining, gone in ((2, answers[0]), (0, answers[1])):
        assert (await remove(posts, ada, gone["id"])).status_code == 204
        assert len(await comments_of(posts, post["id"])) == remaining


async def test_a_service_writes_removes_and_changes_nothing(posts: Posts, issuer: Issuer, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    written = await comment(posts, ada, post["id"])
    service = issuer.bearer(ada.id, username=None, scope=WRITE)
    url = f"/comments/{written['id']}"
    answers = [
        await posts.http.post(f"/posts/{post['id']}/comments", json={"body": "Mine"}, headers=service),
        await posts.http.patch(url, json={"body": "Mine"}, headers=service),
        await posts.http.delete(url, headers=service),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert await comments_of(posts, post["id"]) == [written]
