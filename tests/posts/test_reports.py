"""Reports: what readers tell the moderators."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from tests.posts.commenting import ask
from tests.posts.erasing import WAITING
from tests.posts.moderating import REASON, decide, page, report
from tests.posts.people import WRITE, Person
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database
from watchword.testing import Issuer

COUNT = "SELECT count(*) AS number FROM posts.reports"
DISMISS = "UPDATE posts.reports SET state = 'dismissed'"
AT_ONCE = 8


async def reports(databases: Databases) -> int:
    [row] = await databases.fetch("posts_app", COUNT)
    return int(row["number"])


async def test_a_reader_has_one_open_report_about_a_post(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    first, second = await report(posts, stranger, post, f"  {REASON} "), await report(posts, stranger, post, "Again")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    made = first.json()
    assert (made["post_id"], made["comment_id"], made["reason"], made["state"]) == (post["id"], None, REASON, "open")
    assert (await report(posts, ada, post)).status_code == 201
    assert await reports(databases) == 2


async def test_a_reader_may_report_again_what_was_decided(posts: Posts, ada: Person, moderator: Person) -> None:
    post = await posts.publish(ada.headers)
    first = (await report(posts, ada, post)).json()
    assert (await decide(posts, moderator, first["id"], state="dismissed")).status_code == 200
    again = await report(posts, ada, post)
    assert again.status_code == 201
    assert again.json()["id"] != first["id"]


async def test_reports_at_the_same_time_are_one(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    answers = await asyncio.gather(*(report(posts, stranger, post, str(number)) for number in range(AT_ONCE)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await reports(databases) == 1


async def test_a_report_that_waits_for_the_decision_of_the_one_before_is_another(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    post = await posts.publish(ada.headers)
    first = (await report(posts, ada, post)).json()
    async with other.begin() as db:
        await (await db.connection()).exec_driver_sql(DISMISS)
        waiting = asyncio.create_task(report(posts, ada, post))
        await until_backends(databases, 1, WAITING)
    second = await waiting
    assert (second.status_code, second.json()["id"] != first["id"]) == (201, True)
    assert await reports(databases) == 2


async def test_only_what_is_public_can_be_reported(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    draft = await posts.publish(ada.headers, state="draft")
    for reporter, post in ((stranger, draft), (ada, draft), (stranger, {"id": str(uuid4())})):
        answer = await report(posts, reporter, post)
        assert (answer.status_code, answer.json()["code"]) == (404, "post_not_found")
    assert await reports(databases) == 0
    # Who has written nothing has no card, also after a report that was refused.
    cards = await databases.fetch("posts_app", "SELECT username FROM posts.authors")
    assert [row["username"] for row in cards] == ["ada"]


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 1_001, "a\x00b", "\ud800", 1, None, ["spam"]])
async def test_a_report_needs_a_reason_of_a_thousand_characters_at_most(
    posts: Posts, ada: Person, reason: object
) -> None:
    post = await posts.publish(ada.headers)
    content = '{"reason": "\\ud800"}' if reason == "\ud800" else None
    json: dict[str, Any] = {"content": content} if content else {"json": {"reason": reason}}
    headers = {**ada.headers, "Content-Type": "application/json"}
    answer = await posts.http.post(f"/posts/{post['id']}/reports", headers=headers, **json)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/reason"]
    assert (await report(posts, ada, post, f" {'x' * 1_000} ")).status_code == 201


async def test_a_report_goes_with_the_post(posts: Posts, databases: Databases, ada: Person, stranger: Person) -> None:
    post = await posts.publish(ada.headers)
    await report(posts, stranger, post)
    assert (await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)).status_code == 204
    assert await reports(databases) == 0


async def test_a_service_reports_nothing_and_neither_does_a_purged_account(
    posts: Posts, databases: Databases, issuer: Issuer, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    service = issuer.bearer("a-service", username=None, scope=WRITE)
    answer = await posts.http.post(f"/posts/{post['id']}/reports", json={"reason": REASON}, headers=service)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    purge = "INSERT INTO posts.revocations VALUES ('purged', $1, 9007199254740992, now() + interval '1 hour')"
    await databases.execute("posts_app", purge, stranger.id)
    assert (await report(posts, stranger, post)).status_code == 401
    assert await reports(databases) == 0


async def test_a_comment_is_reported_in_the_same_way_and_named_in_the_queue(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    comment = (await ask(posts, stranger, post["id"], "Buy now")).json()
    url = f"/comments/{comment['id']}/reports"
    answers = [await posts.http.post(url, json={"reason": REASON}, headers=ada.headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["post_id"], answers[0].json()["comment_id"]) == (None, comment["id"])
    [item] = (await page(posts, moderator, "reports"))["items"]
    author = {"id": stranger.id, "username": stranger.username}
    assert item["comment"] == {"id": comment["id"], "beginning": "Buy now", "version": 1, "author": author}
    assert (item["post"]["id"], item["id"]) == (post["id"], answers[0].json()["id"])
    await posts.http.delete(f"/comments/{comment['id']}", headers=stranger.headers)
    gone = await posts.http.post(url, json={"reason": REASON}, headers=ada.headers)
    assert (gone.status_code, gone.json()["code"]) == (404, "comment_not_found")
    assert (await page(posts, moderator, "reports"))["items"] == []
