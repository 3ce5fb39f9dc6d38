"""What a post was before its edits, and how it becomes so again."""

import asyncio
from typing import Any

import httpx
import pytest

from posts_service.posts.policy import Permission
from tests.posts.erasing import erase_in
from tests.posts.moderating import REASON, change, page, unpublish
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database
from watchword.testing import StandingClock

OLD_EDIT = "UPDATE posts.posts SET title = 'Old', version = version + 1 WHERE id = $1::text::uuid"


async def history(posts: Posts, reader: Person, post: dict[str, Any], **query: Any) -> dict[str, Any]:
    answer = await posts.http.get(f"/posts/{post['id']}/versions", params=query, headers=reader.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def version(posts: Posts, reader: Person, post: dict[str, Any], number: object) -> httpx.Response:
    return await posts.http.get(f"/posts/{post['id']}/versions/{number}", headers=reader.headers)


async def restore(
    posts: Posts, editor: Person, post: dict[str, Any], number: object, reason: str | None = None, **fields: str
) -> httpx.Response:
    url = f"/posts/{post['id']}/versions/{number}/restore"
    params = {} if reason is None else {"reason": reason}
    return await posts.http.post(url, params=params, headers={**editor.headers, **fields})


async def test_each_edit_keeps_the_former_version_with_who_wrote_it(
    posts_at: Posts, clock: StandingClock, ada: Person, moderator: Person
) -> None:
    members = {"title": "First", "body": "*One*", "tags": ["engines"], "summary": "Number one"}
    post = await posts_at.publish(ada.headers, **members)
    clock.advance(hours=1)
    await change(posts_at, moderator, post, REASON, title="Second", summary=None)
    await change(posts_at, ada, post, body="*Three*", tags=[])
    items = (await history(posts_at, ada, post))["items"]
    assert [(item["version"], item["title"], item["summary"], item["tags"]) for item in items] == [
        (3, "Second", None, []),
        (2, "Second", None, ["engines"]),
        (1, "First", "Number one", ["engines"]),
    ]
    assert [item["editor"]["username"] for item in items] == ["ada", "grace", "ada"]
    assert [item["written_at"] == post["created_at"] for item in items] == [False, False, True]
    for number, body in ((1, "*One*"), (2, "*One*"), (3, "*Three*")):
        read = await version(posts_at, ada, post, number)
        assert read.json() == {**items[3 - number], "body": body}


async def test_a_change_that_changes_nothing_is_no_version(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    await change(posts, ada, post, title=post["title"])
    assert [item["version"] for item in (await history(posts, ada, post))["items"]] == [1]


async def test_pages_go_on_where_they_ended_while_the_post_is_edited(
    posts: Posts, ada: Person, moderator: Person
) -> None:
    post, other = await posts.publish(ada.headers), await posts.publish(ada.headers)
    for number in range(2, 6):
        await change(posts, ada, post, title=f"Version {number}")
    first = await history(posts, ada, post, limit=2)
    await change(posts, ada, post, title="Version 6")
    second = await history(posts, ada, post, limit=2, cursor=first["next"])
    third = await history(posts, moderator, post, limit=2, cursor=second["next"])
    numbers = [item["version"] for part in (first, second, third) for item in part["items"]]
    assert (numbers, third["next"]) == ([5, 4, 3, 2, 1], None)
    for post_id, cursor in ((other["id"], first["next"]), (post["id"], "AAAA")):
        url = f"/posts/{post_id}/versions"
        refused = await posts.http.get(url, params={"cursor": cursor}, headers=ada.headers)
        assert refused.status_code == 422
        assert [error["code"] for error in refused.json()["errors"]] == ["invalid_cursor"]


async def test_a_version_is_restored_as_a_further_edit(posts: Posts, ada: Person) -> None:
    members = {"title": "First", "body": "*One*", "tags": ["engines"], "summary": "Number one"}
    post = await posts.publish(ada.headers, **members)
    await change(posts, ada, post, title="Second", body="Two", tags=["looms"], summary=None)
    await change(posts, ada, post, state="draft")
    restored = await restore(posts, ada, post, 1)
    expected = {**post, "state": "draft", "version": 4, "updated_at": restored.json()["updated_at"]}
    assert (restored.status_code, restored.json()) == (200, expected)
    assert restored.json()["html"] == "<p><em>One</em></p>"
    read = await posts.http.get(f"/posts/{post['id']}", headers=ada.headers)
    assert (read.json(), read.headers["etag"]) == (restored.json(), restored.headers["etag"])
    assert [item["version"] for item in (await history(posts, ada, post))["items"]] == [4, 3, 2, 1]
    again = await restore(posts, ada, post, 4)
    assert (again.status_code, again.json()) == (200, restored.json())


async def test_a_moderator_restores_with_a_reason_and_on_the_record(
    posts: Posts, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    await change(posts, ada, post, title="Spam")
    refused = await restore(posts, moderator, post, 1)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "reason_required")
    assert (await restore(posts, moderator, post, 1, REASON)).json()["title"] == post["title"]
    assert [(item["action"], item["reason"]) for item in (await page(posts, moderator, "actions"))["items"]] == [
        ("restore", REASON)
    ]
    assert (await history(posts, moderator, post))["items"][0]["editor"]["username"] == "grace"


async def test_what_a_moderator_has_unpublished_stays_so_when_its_author_restores_a_version(
    posts: Posts, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    await change(posts, ada, post, title="Spam")
    await unpublish(posts, moderator, post)
    restored = (await restore(posts, ada, post, 1)).json()
    assert (restored["title"], restored["state"], restored["unpublished_reason"]) == (
        post["title"],
        "unpublished",
        REASON,
    )


async def test_the_history_is_for_those_who_may_edit_the_post(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    post, draft = await posts.publish(ada.headers), await posts.publish(ada.headers, state="draft")
    deleter = Person(ada.issuer, "barbara", (Permission.POST_DELETE_ANY, Permission.POST_UNPUBLISH_ANY))
    for person, thing, status in (
        (stranger, post, 403),
        (deleter, post, 403),
        (stranger, draft, 404),
        (moderator, draft, 404),
    ):
        url = f"/posts/{thing['id']}/versions"
        answers = [await posts.http.get(url, headers=person.headers), await version(posts, person, thing, 1)]
        answers += [await restore(posts, person, thing, number, REASON) for number in (1, 9)]
        assert [answer.status_code for answer in answers] == [status] * 4


@pytest.mark.parametrize(
    ("number", "status"), [(0, 422), (2, 404), (999_999_999, 404), (10**9, 422), ("+1", 422), ("x", 422)]
)
async def test_a_version_that_is_not_there(posts: Posts, ada: Person, number: object, status: int) -> None:
    post = await posts.publish(ada.headers)
    answers = [await version(posts, ada, post, number), await restore(posts, ada, post, number)]
    assert [answer.status_code for answer in answers] == [status] * 2
    if status == 404:
        assert {answer.json()["code"] for answer in answers} == {"version_not_found"}


async def test_two_who_restore_at_once_with_one_tag_lose_no_text(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    edited = await change(posts, ada, post, body="Two")
    etag = edited.headers["etag"]
    answers = await asyncio.gather(
        restore(posts, ada, post, 1, **{"If-Match": etag}),
        posts.http.patch(f"/posts/{post['id']}", json={"body": "Three"}, headers={**ada.headers, "If-Match": etag}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    bodies = {(await version(posts, ada, post, number)).json()["body"] for number in (1, 2, 3)}
    assert {post["body"], "Two"} <= bodies


async def test_an_edit_by_the_previous_release_leaves_a_gap(posts: Posts, databases: Databases, ada: Person) -> None:
    """It knows no history, so that the version that it replaces is lost, and no other."""
    post = await posts.publish(ada.headers)
    await databases.execute("posts_app", OLD_EDIT, post["id"])
    await change(posts, ada, post, title="Third")
    items = (await history(posts, ada, post))["items"]
    assert [(item["version"], item["title"]) for item in items] == [(3, "Third"), (2, "Old")]
    assert (await version(posts, ada, post, 1)).status_code == 404


async def test_what_a_moderator_wrote_whose_account_is_deleted_is_nobodys(
    posts: Posts, other: Database, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    await change(posts, moderator, post, REASON, title="Second")
    await erase_in(other, posts, moderator)
    assert [item["editor"] for item in (await history(posts, ada, post))["items"]][:1] == [None]
    await change(posts, ada, post, title="Third")
    items = (await history(posts, ada, post))["items"]
    assert [item["editor"] and item["editor"]["username"] for item in items] == ["ada", None, "ada"]
    assert (await version(posts, ada, post, 2)).json()["editor"] is None


async def test_the_history_goes_with_the_post(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    await change(posts, ada, post, title="Second")
    assert (await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)).status_code == 204
    assert await databases.fetch("posts_app", "SELECT version FROM posts.post_versions") == []
