"""The queue of the moderators: what it shows, and how a report is decided."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from posts_service.posts.policy import Permission
from tests.posts.commenting import comment
from tests.posts.moderating import REASON, decide, every_item, page, report, unpublish
from tests.posts.people import WRITE, Person
from tests.support.services import Posts
from watchword.testing import Issuer, StandingClock

READS = "/moderation/reports", "/moderation/actions"


def card(person: Person) -> dict[str, str]:
    return {"id": person.id, "username": person.username}


async def report_comment(posts: Posts, reporter: Person, comment_id: str) -> None:
    body = {"reason": REASON}
    answer = await posts.http.post(f"/comments/{comment_id}/reports", json=body, headers=reporter.headers)
    assert answer.status_code == 201, answer.text


async def test_the_queue_names_the_post_and_the_people(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers, title="Buy now")
    made = (await report(posts, stranger, post)).json()
    [item] = (await page(posts, moderator, "reports"))["items"]
    assert item == {
        "id": made["id"],
        "reason": REASON,
        "state": "open",
        "created_at": made["created_at"],
        "reporter": card(stranger),
        "post": {
            "id": post["id"],
            "slug": "buy-now",
            "title": "Buy now",
            "state": "published",
            "version": 1,
            "beginning": "A body",
            "author": card(ada),
        },
        "comment": None,
        "decided_by": None,
        "decided_at": None,
        "note": None,
    }


async def test_a_reported_comment_is_beside_its_post_with_the_versions_of_both(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers, title="On engines")
    made = await comment(posts, ada, post["id"], "Buy now")
    await posts.http.patch(f"/comments/{made['id']}", json={"body": "Buy tea"}, headers=ada.headers)
    await report_comment(posts, stranger, made["id"])
    [item] = (await page(posts, moderator, "reports"))["items"]
    assert item["comment"] == {"id": made["id"], "beginning": "Buy tea", "version": 2, "author": card(ada)}
    assert (item["post"]["slug"], item["post"]["version"], item["post"]["beginning"]) == ("on-engines", 1, None)


async def test_a_report_is_read_alone_until_what_it_is_about_is_deleted(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    url = f"/moderation/reports/{(await report(posts, stranger, post)).json()['id']}"
    open_report = await posts.http.get(url, headers=moderator.headers)
    assert [open_report.json()] == (await page(posts, moderator, "reports"))["items"]
    decided = await decide(posts, moderator, open_report.json()["id"], state="dismissed")
    assert (await posts.http.get(url, headers=moderator.headers)).json() == decided.json()
    await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)
    absent = await posts.http.get(url, headers=moderator.headers)
    assert (absent.status_code, absent.json()["code"]) == (404, "report_not_found")


async def test_the_title_of_a_post_that_was_taken_back_is_its_authors(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers, title="Buy now")
    await report(posts, stranger, post)
    await posts.http.patch(f"/posts/{post['id']}", json={"state": "draft", "title": "Mine"}, headers=ada.headers)
    [item] = (await page(posts, moderator, "reports"))["items"]
    hidden = [item["post"][member] for member in ("title", "slug", "beginning")]
    assert (item["post"]["state"], hidden) == ("draft", [None] * 3)


async def test_what_was_unpublished_is_seen_in_the_queue_by_those_who_may_see_it(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    helper = Person(ada.issuer, "barbara", (Permission.COMMENT_DELETE_ANY,))
    post = await posts.publish(ada.headers, title="Buy now")
    comment_id = (await comment(posts, ada, post["id"], "Buy now"))["id"]
    await report(posts, stranger, post)
    await report_comment(posts, stranger, comment_id)
    for texts in (["Buy now"] * 3, [None] * 3):
        seen = (await page(posts, moderator, "reports"))["items"], (await page(posts, helper, "reports"))["items"]
        both = [[about["post"]["title"], item["post"]["title"], item["comment"]["beginning"]] for about, item in seen]
        assert both == [["Buy now"] * 3, texts]
        await unpublish(posts, moderator, post)
    decided = await decide(posts, helper, seen[1][0]["id"], state="resolved")
    assert (decided.json()["post"]["title"], decided.json()["post"]["state"]) == (None, "unpublished")


async def test_the_oldest_report_comes_first_and_pages_stay_right_while_reports_are_decided(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    made = []
    for _ in range(5):
        made.append((await report(posts, stranger, await posts.publish(ada.headers))).json()["id"])
    first = await page(posts, moderator, "reports", limit=2)
    assert [item["id"] for item in first["items"]] == made[:2]
    await decide(posts, moderator, made[1], state="resolved")
    rest = await every_item(posts, moderator, "reports", limit=2, cursor=first["next"])
    assert [item["id"] for item in rest] == made[2:]
    assert [item["id"] for item in await every_item(posts, moderator, "reports", state="resolved")] == [made[1]]
    assert await every_item(posts, moderator, "reports", state="dismissed") == []


async def test_a_decision_is_kept_with_who_and_when(
    posts_at: Posts, clock: StandingClock, ada: Person, stranger: Person, moderator: Person
) -> None:
    made = (await report(posts_at, stranger, await posts_at.publish(ada.headers))).json()
    clock.advance(hours=1)
    answer = await decide(posts_at, moderator, made["id"], state="dismissed", note="It is not")
    assert answer.status_code == 200
    decided: dict[str, Any] = answer.json()
    assert (decided["state"], decided["note"], decided["decided_by"]) == ("dismissed", "It is not", card(moderator))
    assert decided["decided_at"] == clock.now().isoformat().replace("+00:00", "Z")
    assert (await page(posts_at, moderator, "reports", state="dismissed"))["items"] == [decided]


async def test_of_two_moderators_at_once_one_decides(
    posts: Posts, issuer: Issuer, ada: Person, moderator: Person
) -> None:
    other = Person(issuer, "barbara", tuple(Permission))
    made = (await report(posts, ada, await posts.publish(ada.headers))).json()
    answers = await asyncio.gather(
        decide(posts, moderator, made["id"], state="resolved"), decide(posts, other, made["id"], state="dismissed")
    )
    refused, [winner] = [
        [answer for answer in answers if (answer.status_code == 200) == is_won] for is_won in (False, True)
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(409, "report_decided")]
    state = winner.json()["state"]
    assert [item["id"] for item in (await page(posts, moderator, "reports", state=state))["items"]] == [made["id"]]


@pytest.mark.parametrize("body", [{}, {"state": "open"}, {"state": "resolved", "note": "x" * 1_001}, {"note": "x"}])
async def test_a_decision_says_resolved_or_dismissed(posts: Posts, moderator: Person, body: dict[str, str]) -> None:
    assert (await decide(posts, moderator, str(uuid4()), **body)).status_code == 422
    absent = await decide(posts, moderator, str(uuid4()), state="resolved")
    assert (absent.status_code, absent.json()["code"]) == (404, "report_not_found")


@pytest.mark.parametrize("permission", Permission)
async def test_each_permission_over_what_is_others_makes_a_moderator(
    posts: Posts, stranger: Person, permission: str
) -> None:
    headers = stranger.bearer(permissions=[permission])
    answers = [await posts.http.get(path, headers=headers) for path in READS]
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_nobody_else_is_a_moderator(posts: Posts, issuer: Issuer, ada: Person, stranger: Person) -> None:
    made = (await report(posts, stranger, await posts.publish(ada.headers))).json()
    every = list(Permission)
    callers = {
        "the author": ada.headers,
        "the reporter": stranger.headers,
        "a role without permissions": stranger.bearer(roles=["moderator", "admin"]),
        "another permission": stranger.bearer(permissions=["note:edit_any"]),
        "without the scope": stranger.bearer(permissions=every, scope="posts:read"),
        "a service": issuer.bearer("a-service", username=None, scope=WRITE, permissions=every),
    }
    for caller, headers in callers.items():
        answers = [await posts.http.get(path, headers=headers) for path in READS]
        url = f"/moderation/reports/{made['id']}"
        answers.append(await posts.http.get(url, headers=headers))
        # Who may not is refused before the body is looked at.
        answers += [await posts.http.patch(url, json=body, headers=headers) for body in ({"state": "resolved"}, {})]
        assert [answer.status_code for answer in answers] == [403] * 5, caller


async def test_a_cursor_is_valid_in_its_own_list_alone(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    for _ in range(2):
        await report(posts, stranger, await posts.publish(ada.headers))
    cursor = (await page(posts, moderator, "reports", limit=1))["next"]
    wrong = [("reports", {"state": "resolved", "cursor": cursor}), ("actions", {"cursor": cursor})]
    wrong += [
        ("reports", {"cursor": text}) for text in (cursor[:-1], f"{cursor[:-1]}!", "x", "", "\u00e9", f"{cursor}==")
    ]
    for path, query in wrong:
        answer = await posts.http.get(f"/moderation/{path}", params=query, headers=moderator.headers)
        assert answer.status_code == 422, query
        assert [error["code"] for error in answer.json()["errors"]] == ["invalid_cursor"], query
