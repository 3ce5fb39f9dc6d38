"""A comment that is sent again with one Idempotency-Key is one comment."""

import asyncio
from uuid import uuid4

import httpx

from tests.posts.commenting import counts, remove
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts

KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"


async def send(posts: Posts, person: Person, post_id: str, body: str = "A comment") -> httpx.Response:
    headers = {**person.headers, "Idempotency-Key": KEY}
    return await posts.http.post(f"/posts/{post_id}/comments", json={"body": body}, headers=headers)


def whole(answer: httpx.Response) -> tuple[int, bytes, str, str]:
    return answer.status_code, answer.content, answer.headers["location"], answer.headers["etag"]


async def test_many_requests_at_once_with_one_key_are_one_comment_and_have_one_answer_also_when_it_is_gone(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    answers = {
        whole(answer) for answer in await asyncio.gather(*(send(posts, stranger, post["id"]) for _ in range(20)))
    }
    [(status, _, location, etag)] = answers
    assert (status, etag, await counts(databases)) == (201, '"1"', [(1, 1, 0, 0)])
    await remove(posts, stranger, location.removeprefix("/comments/"))
    assert {whole(await send(posts, stranger, post["id"]))} == answers
    assert await counts(databases) == [(0, 0, 0, 0)]


async def test_what_was_written_keeps_its_answer_also_when_the_post_is_a_draft_or_gone(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    url, first = f"/posts/{post['id']}", whole(await send(posts, stranger, post["id"]))
    await posts.http.patch(url, json={"state": "draft"}, headers=ada.headers)
    assert whole(await send(posts, stranger, post["id"])) == first
    other = await send(posts, stranger, post["id"], "Another")
    assert other.json()["errors"][0]["code"] == "idempotency_key_reused"
    await posts.http.delete(url, headers=ada.headers)
    assert whole(await send(posts, stranger, post["id"])) == first
    assert await counts(databases) == []


async def test_a_key_is_of_one_person_one_post_and_one_comment(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    first, second = [(await posts.publish(ada.headers))["id"] for _ in range(2)]
    assert (await send(posts, stranger, str(uuid4()))).status_code == 404
    assert (await send(posts, stranger, first)).status_code == 201
    for post_id, body in ((first, "Another"), (second, "A comment")):
        refusal = await send(posts, stranger, post_id, body)
        assert (refusal.status_code, refusal.json()["errors"][0]["code"]) == (422, "idempotency_key_reused")
    assert (await send(posts, ada, first)).status_code == 201
    assert await counts(databases) == [(2, 2, 0, 0), (0, 0, 0, 0)]
