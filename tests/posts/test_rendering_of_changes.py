"""Nothing is rendered for a caller who may not write or change what is to be rendered."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from posts_service.posts.policy import Permission
from tests.posts.commenting import ask, comment
from tests.posts.erasing import WAITING
from tests.posts.moderating import REASON, change
from tests.posts.people import WRITE, Person
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database
from watchword.testing import Issuer

TEXT = {"body": "*another*"}
UNKNOWN = "01890000-0000-7000-8000-000000000000"


def rendered(posts: Posts) -> int:
    """How many texts the process has been given to render."""
    return sum(posts.parts.renderer.outcomes.values())


def callers(issuer: Issuer, stranger: Person) -> list[dict[str, str]]:
    """A stranger, a moderator of another kind, and a service that may edit nothing."""
    deleter = stranger.bearer(permissions=[Permission.POST_DELETE_ANY, Permission.COMMENT_DELETE_ANY])
    return [stranger.headers, deleter, issuer.bearer("a-service", username=None, scope=WRITE)]


async def refusal_of(posts: Posts, url: str, headers: dict[str, str], parent_id: str | None) -> tuple[int, str]:
    """What a comment that is sent there is refused with."""
    answer = await posts.http.post(url, json={**TEXT, "parent_id": parent_id}, headers=headers)
    [flaw] = answer.json().get("errors", [answer.json()])
    return answer.status_code, flaw["code"]


@pytest.mark.parametrize(
    ("state", "expected"), [("published", (403, "not_the_author")), ("draft", (404, "post_not_found"))]
)
async def test_a_post_is_not_rendered_for_who_may_not_edit_it(
    posts: Posts, issuer: Issuer, ada: Person, stranger: Person, state: str, expected: tuple[int, str]
) -> None:
    post = await posts.publish(ada.headers, state=state)
    before, url = rendered(posts), f"/posts/{post['id']}"
    for headers in callers(issuer, stranger):
        answers = [
            await posts.http.patch(url, json=TEXT, headers=headers, params={"reason": "Spam"}),
            await posts.http.post(f"{url}/versions/1/restore", headers=headers, params={"reason": "Spam"}),
        ]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [expected] * 2
    assert (await posts.http.patch(f"/posts/{UNKNOWN}", json=TEXT, headers=ada.headers)).status_code == 404
    assert rendered(posts) == before
    assert (await posts.http.patch(url, json=TEXT, headers=ada.headers)).status_code == 200
    assert rendered(posts) == before + 1


async def test_a_body_with_a_state_that_its_sender_may_not_set_is_not_rendered(
    posts: Posts, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    before, both = rendered(posts), {**TEXT, "state": "draft"}
    answer = await posts.http.patch(f"/posts/{post['id']}", json=both, headers=moderator.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_the_author")
    assert rendered(posts) == before


async def test_a_comment_is_not_rendered_for_who_may_not_change_it(
    posts: Posts, issuer: Issuer, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    url = f"/comments/{(await comment(posts, ada, post['id']))['id']}"
    before = rendered(posts)
    codes: list[Any] = []
    for headers in callers(issuer, stranger):
        codes.append((await posts.http.patch(url, json=TEXT, headers=headers)).json()["code"])
    assert codes == ["not_the_comments_author"] * 2 + ["not_permitted"]
    assert (await posts.http.patch(f"/comments/{UNKNOWN}", json=TEXT, headers=ada.headers)).status_code == 404
    await posts.http.patch(f"/posts/{post['id']}", json={"state": "draft"}, headers=ada.headers)
    assert (await posts.http.patch(url, json=TEXT, headers=ada.headers)).status_code == 409
    assert rendered(posts) == before


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "8e03978e"}], ids=["without a key", "with a key"])
async def test_a_comment_is_not_rendered_where_it_may_not_be_written(
    posts: Posts, ada: Person, stranger: Person, key: dict[str, str]
) -> None:
    post, draft = await posts.publish(ada.headers), await posts.publish(ada.headers, state="draft")
    thread = await comment(posts, ada, post["id"])
    answer = await comment(posts, ada, post["id"], "An answer", thread["id"])
    before = rendered(posts)
    own, others, nameless = ({**it, **key} for it in (ada.headers, stranger.headers, stranger.bearer(username=None)))
    for post_id, headers, parent_id, expected in (
        (UNKNOWN, others, None, (404, "post_not_found")),
        (draft["id"], others, None, (404, "post_not_found")),
        (draft["id"], own, None, (409, "post_not_published")),
        (post["id"], others, UNKNOWN, (422, "parent_not_found")),
        (post["id"], others, answer["id"], (422, "answer_too_deep")),
        (post["id"], nameless, None, (403, "not_permitted")),
    ):
        assert await refusal_of(posts, f"/posts/{post_id}/comments", headers, parent_id) == expected
    assert rendered(posts) == before
    await comment(posts, stranger, post["id"], "*A* text", thread["id"])
    assert rendered(posts) == before + 1


async def test_no_comment_is_written_on_what_its_author_takes_back_after_the_first_look(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    before = rendered(posts)
    async with other.begin() as db:
        await db.execute(text("UPDATE posts.posts SET state = 'draft'"))
        writing = asyncio.create_task(ask(posts, stranger, post["id"]))
        await until_backends(databases, 1, WAITING)
    answer = await writing
    assert (answer.status_code, answer.json()["code"], rendered(posts)) == (404, "post_not_found", before + 1)


async def test_what_its_author_takes_back_after_the_first_look_is_not_changed(
    posts: Posts, databases: Databases, other: Database, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    async with other.begin() as db:
        await db.execute(text("UPDATE posts.posts SET state = 'draft'"))
        editing = asyncio.create_task(change(posts, moderator, post, REASON, **TEXT))
        await until_backends(databases, 1, WAITING)
    answer = await editing
    assert (answer.status_code, answer.json()["code"]) == (404, "post_not_found")
