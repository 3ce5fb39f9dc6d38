"""A report about what is a moderator's own is decided by another moderator."""

from typing import Any

import httpx
import pytest

from posts_service.posts.policy import Permission
from tests.posts.commenting import comment
from tests.posts.moderating import REASON, decide, page, report
from tests.posts.people import Person
from tests.support.services import Posts
from watchword.testing import Issuer


@pytest.fixture
def colleague(issuer: Issuer) -> Person:
    return Person(issuer, "barbara", tuple(Permission), ("moderator",))


async def report_comment(posts: Posts, reporter: Person, comment_id: str) -> dict[str, Any]:
    url, body = f"/comments/{comment_id}/reports", {"reason": REASON}
    answer = await posts.http.post(url, json=body, headers=reporter.headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_moderator_decides_no_report_about_their_own_post_or_comment(
    posts: Posts, ada: Person, stranger: Person, moderator: Person, colleague: Person
) -> None:
    own, other = await posts.publish(moderator.headers), await posts.publish(ada.headers)
    made = [(await report(posts, stranger, own)).json()]
    for post in (own, other):
        written = await comment(posts, moderator, post["id"])
        made.append(await report_comment(posts, stranger, written["id"]))
    for each in made:
        for state in ("dismissed", "resolved"):
            refused = await decide(posts, moderator, each["id"], state=state, note="Mine")
            assert code(refused) == (403, "own_content_reported")
    assert [item["note"] for item in (await page(posts, moderator, "reports"))["items"]] == [None] * 3
    for each in made:
        assert (await decide(posts, colleague, each["id"], state="resolved")).status_code == 200
        # Whether it is open is of no concern to who may not decide it.
        assert code(await decide(posts, moderator, each["id"], state="dismissed")) == (403, "own_content_reported")


async def test_a_moderator_decides_what_others_wrote_on_their_post_and_what_they_reported_themselves(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    own, other = await posts.publish(moderator.headers), await posts.publish(ada.headers)
    written = await comment(posts, ada, own["id"])
    about_comment = await report_comment(posts, stranger, written["id"])
    by_themselves = (await report(posts, moderator, other)).json()
    for each in (about_comment, by_themselves):
        assert (await decide(posts, moderator, each["id"], state="resolved")).status_code == 200


async def test_what_was_a_moderators_comment_is_nobodys_once_it_is_removed(
    posts: Posts, ada: Person, stranger: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    written = await comment(posts, moderator, post["id"])
    await comment(posts, ada, post["id"], "An answer", written["id"])
    made = await report_comment(posts, stranger, written["id"])
    url = f"/comments/{written['id']}"
    assert (await posts.http.delete(url, headers=moderator.headers)).status_code == 204
    assert (await decide(posts, moderator, made["id"], state="resolved")).status_code == 200
