"""The record of what moderators do to what is others'."""

from typing import Any

import asyncpg
import pytest

from posts_service.posts.policy import Permission
from tests.posts.moderating import REASON, change, every_item, page, unpublish
from tests.posts.people import WRITE, Person
from tests.support.databases import Databases
from tests.support.services import Posts

ACTS: dict[str, dict[str, Any]] = {
    "edit": {"method": "PATCH", "json": {"title": "Tidier"}},
    "delete": {"method": "DELETE"},
}


async def act(
    posts: Posts, action: str, person: Person, post: dict[str, Any], query: str = ""
) -> tuple[int, list[str]]:
    """The status of an act, and the codes of what is wrong with it."""
    answer = await posts.http.request(url=f"/posts/{post['id']}{query}", headers=person.headers, **ACTS[action])
    errors = answer.json().get("errors", []) if answer.content else []
    return answer.status_code, [error["code"] for error in errors]


@pytest.mark.parametrize("action", ACTS)
async def test_an_act_on_what_is_somebody_elses_needs_a_reason_and_is_recorded_with_it(
    posts: Posts, ada: Person, moderator: Person, action: str
) -> None:
    post = await posts.publish(ada.headers)
    assert await act(posts, action, moderator, post) == (422, ["reason_required"])
    assert (await posts.http.get(f"/posts/{post['id']}", headers=ada.headers)).json() == post
    assert (await page(posts, moderator, "actions"))["items"] == []
    assert (await act(posts, action, moderator, post, "?reason=%20Spam%20"))[0] in (200, 204)
    [item] = (await page(posts, moderator, "actions"))["items"]
    assert item == {
        "id": item["id"],
        "action": action,
        "actor": {"id": moderator.id, "username": "grace"},
        "owner": {"id": ada.id, "username": "ada"},
        "post_id": post["id"],
        "comment_id": None,
        "reason": "Spam",
        "happened_at": item["happened_at"],
    }


@pytest.mark.parametrize("action", ACTS)
async def test_what_is_ones_own_needs_no_reason_and_is_not_recorded(
    posts: Posts, moderator: Person, action: str
) -> None:
    for query in ("", "?reason=Spam"):
        post = await posts.publish(moderator.headers)
        assert (await act(posts, action, moderator, post, query))[0] in (200, 204)
    assert (await page(posts, moderator, "actions"))["items"] == []


@pytest.mark.parametrize("action", ACTS)
@pytest.mark.parametrize("reason", ["", "%20%0A", "x" * 1_001, "a%00b"])
async def test_a_reason_is_a_text_of_a_thousand_characters_at_most(
    posts: Posts, ada: Person, moderator: Person, action: str, reason: str
) -> None:
    post = await posts.publish(ada.headers)
    for person in (ada, moderator):
        assert (await act(posts, action, person, post, f"?reason={reason}"))[0] == 422


@pytest.mark.parametrize("action", ACTS)
async def test_who_may_not_act_is_not_asked_for_a_reason(
    posts: Posts, ada: Person, stranger: Person, moderator: Person, action: str
) -> None:
    post, draft = await posts.publish(ada.headers), await posts.publish(ada.headers, state="draft")
    assert (await act(posts, action, stranger, post))[0] == 403
    for query in ("", "?reason=Spam"):
        assert (await act(posts, action, moderator, draft, query))[0] == 404
    assert (await page(posts, moderator, "actions"))["items"] == []


async def test_an_act_that_changes_nothing_or_is_refused_is_not_recorded(
    posts: Posts, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    same = await change(posts, moderator, post, REASON, title=post["title"])
    assert (same.status_code, same.json()) == (200, post)
    stale = {**moderator.headers, "If-Match": '"other"'}
    for options in ACTS.values():
        url = f"/posts/{post['id']}?reason=Spam"
        assert (await posts.http.request(url=url, headers=stale, **options)).status_code == 412
    assert (await page(posts, moderator, "actions"))["items"] == []


async def test_acts_are_listed_newest_first_by_post_and_by_moderator(
    posts: Posts, ada: Person, moderator: Person
) -> None:
    other = Person(ada.issuer, "barbara", (Permission.POST_EDIT_ANY,))
    first, second = await posts.publish(ada.headers), await posts.publish(ada.headers)
    for person, post in ((moderator, first), (other, first), (other, second)):
        await change(posts, person, post, f"For {person.username}", body=person.username)
    await unpublish(posts, moderator, second)
    steps = [
        ("unpublish", second, moderator),
        ("edit", second, other),
        ("edit", first, other),
        ("edit", first, moderator),
    ]
    filters: list[tuple[dict[str, str], list[int]]] = [
        ({}, [0, 1, 2, 3]),
        ({"post_id": first["id"]}, [2, 3]),
        ({"actor_id": other.id}, [1, 2]),
        ({"post_id": second["id"], "actor_id": moderator.id}, [0]),
        ({"actor_id": ada.id}, []),
    ]
    for query, numbers in filters:
        items = await every_item(posts, moderator, "actions", limit=1, **query)
        seen = [(item["action"], item["post_id"], item["actor"]["id"]) for item in items]
        assert seen == [(steps[number][0], steps[number][1]["id"], steps[number][2].id) for number in numbers]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posts.moderation_actions SET reason = ''",
        "DELETE FROM posts.moderation_actions",
        "TRUNCATE posts.moderation_actions",
    ],
)
async def test_the_service_can_neither_change_nor_delete_what_is_recorded(
    posts: Posts, databases: Databases, ada: Person, moderator: Person, statement: str
) -> None:
    await unpublish(posts, moderator, await posts.publish(ada.headers))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await databases.execute("posts_app", statement)
    assert len((await page(posts, moderator, "actions"))["items"]) == 1


async def test_a_service_with_permissions_acts_on_nothing(posts: Posts, ada: Person) -> None:
    """Nobody would be there to answer for it."""
    post = await posts.publish(ada.headers)
    service = ada.issuer.bearer("a-service", username=None, scope=WRITE, permissions=list(Permission))
    for options in ACTS.values():
        answer = await posts.http.request(url=f"/posts/{post['id']}?reason=Spam", headers=service, **options)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert (await posts.http.get(f"/posts/{post['id']}", headers=ada.headers)).json() == post
