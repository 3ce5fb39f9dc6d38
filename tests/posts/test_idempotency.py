"""A post that is sent again with one Idempotency-Key is one post, and each request gets the same answer."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from posts_service.idempotency.models import LIFETIME
from posts_service.posts import repository
from tests.posts.people import Person
from tests.support import services
from tests.support.databases import Databases
from tests.support.events import receive
from tests.support.services import Posts
from watchword.database.errors import DatabaseUnavailable
from watchword.events.security_event import ReceivedEvent
from watchword.events.types import EventType
from watchword.testing import Issuer, StandingClock

KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
DRAFT = {"title": "On engines", "body": "A body"}
FIELDS = "location", "etag"
KEYS = "SELECT key, status FROM posts.idempotency_keys"


async def send(posts: Posts, person: Person, key: str = KEY, **draft: Any) -> httpx.Response:
    return await posts.http.post("/posts", json={**DRAFT, **draft}, headers={**person.headers, "Idempotency-Key": key})


def whole(answer: httpx.Response) -> tuple[int, bytes, list[str]]:
    return answer.status_code, answer.content, [answer.headers[name] for name in FIELDS]


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    (flaw,) = answer.json()["errors"]
    return answer.status_code, flaw["pointer"], flaw["code"]


async def count(databases: Databases, table: str) -> int:
    return len(await databases.fetch("posts_app", f"SELECT FROM posts.{table}"))


async def test_hundred_requests_at_once_with_one_key_are_one_post_and_have_one_answer(
    posts: Posts, ada: Person, databases: Databases
) -> None:
    answers = {str(whole(answer)) for answer in await asyncio.gather(*(send(posts, ada) for _ in range(100)))}
    assert (len(answers), await count(databases, "posts")) == (1, 1)


async def test_posts_of_one_title_with_keys_of_their_own_get_slugs_of_their_own_at_once(
    posts: Posts, ada: Person
) -> None:
    answers = await asyncio.gather(*(send(posts, ada, str(number)) for number in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["slug"] for answer in answers}) == 8


async def test_a_publication_is_scheduled_once(posts: Posts, ada: Person, databases: Databases) -> None:
    due = (posts.parts.clock.now() + timedelta(days=1)).isoformat()
    first, second = [await send(posts, ada, published_at=due) for _ in range(2)]
    assert (first.status_code, whole(second)) == (201, whole(first))
    jobs = await databases.fetch("posts_app", "SELECT payload FROM posts.jobs WHERE payload ? 'post_id'")
    assert len(jobs) == 1


async def test_answer_is_repeated_byte_for_byte_also_by_another_process_and_after_a_change(
    posts: Posts, ada: Person, databases: Databases, issuer: Issuer
) -> None:
    first = await send(posts, ada)
    assert (first.status_code, first.headers["location"]) == (201, f"/posts/{first.json()['id']}")
    changed = await posts.http.patch(first.headers["location"], json={"title": "Another"}, headers=ada.headers)
    assert changed.status_code == 200
    await databases.end_connections("posts_app")
    async with services.posts(databases, issuer.verifier()) as other:
        assert whole(await send(other, ada)) == whole(first)
    assert (await posts.http.delete(first.headers["location"], headers=ada.headers)).status_code == 204
    assert whole(await send(posts, ada)) == whole(first)
    assert await count(databases, "posts") == 0


async def test_key_with_another_body_is_refused_and_of_another_person_is_another_key(
    posts: Posts, ada: Person, stranger: Person, databases: Databases
) -> None:
    first = await send(posts, ada)
    for other in ({"title": "Another"}, {"state": "draft"}):
        refused = await send(posts, ada, **other)
        assert refusal(refused) == (422, "/header/Idempotency-Key", "idempotency_key_reused")
    theirs, second = await send(posts, stranger), await send(posts, ada, "another")
    assert (theirs.status_code, theirs.json()["author"]["username"], second.status_code) == (201, "mallory", 201)
    assert whole(await send(posts, ada)) == whole(first)
    assert await count(databases, "posts") == 3


MALFORMED: list[list[bytes]] = [[b""], [b"a b"], [b"\x7f"], ["kéy".encode()], [b"k" * 256], [b"a", b"b"], [b"a", b"a"]]


async def test_malformed_key_is_refused_and_writes_nothing(posts: Posts, ada: Person, databases: Databases) -> None:
    own = [(name.encode(), value.encode()) for name, value in ada.headers.items()]
    for keys in MALFORMED:
        headers = [*own, *((b"Idempotency-Key", key) for key in keys)]
        refused = await posts.http.post("/posts", json=DRAFT, headers=headers)
        assert refusal(refused) == (422, "/header/Idempotency-Key", "invalid_idempotency_key"), keys
    assert (await send(posts, ada, "k" * 255)).status_code == 201
    assert await count(databases, "posts") == 1


async def test_key_is_as_if_never_used_after_a_day_and_clean_up_deletes_it(
    posts_at: Posts, ada: Person, clock: StandingClock, databases: Databases
) -> None:
    first = await send(posts_at, ada)
    clock.advance(seconds=LIFETIME.total_seconds() - 1)
    assert whole(await send(posts_at, ada)) == whole(first)
    clock.advance(seconds=1)
    second = await send(posts_at, ada, title="Another")
    assert (second.status_code, second.json()["title"]) == (201, "Another")
    assert whole(await send(posts_at, ada, title="Another")) == whole(second)
    for advance, left in ((LIFETIME.total_seconds() - 1, 1), (1, 0)):
        clock.advance(seconds=advance)
        await posts_at.parts.cleanup.delete_expired(clock.now())
        assert await count(databases, "idempotency_keys") == left


async def test_a_refused_change_stores_nothing(posts: Posts, ada: Person, databases: Databases) -> None:
    assert (await send(posts, ada, title="")).status_code == 422
    nameless = {**ada.bearer(username=None), "Idempotency-Key": KEY}
    assert (await posts.http.post("/posts", json=DRAFT, headers=nameless)).status_code == 403
    assert await databases.fetch("posts_app", KEYS) == []
    assert (await send(posts, ada)).status_code == 201


@pytest.mark.parametrize("at", ["before the post", "after the post"])
async def test_a_connection_that_is_lost_between_key_and_commit_leaves_neither_key_nor_post(
    posts: Posts, ada: Person, databases: Databases, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    insert = repository.insert

    async def cut(*arguments: Any, **named: Any) -> Any:
        """What a process that is killed leaves to PostgreSQL: a connection that ends within the transaction."""
        if at == "before the post":
            await databases.end_connections("posts_app", "state = 'idle in transaction'")
        view = await insert(*arguments, **named)
        await databases.end_connections("posts_app", "state = 'idle in transaction'")
        return view

    with monkeypatch.context() as patched:
        patched.setattr(repository, "insert", cut)
        lost = await send(posts, ada)
    assert (lost.status_code, lost.json()["code"]) == (503, DatabaseUnavailable.code)
    assert (await count(databases, "posts"), await databases.fetch("posts_app", KEYS)) == (0, [])
    first = await send(posts, ada)
    assert (first.status_code, whole(await send(posts, ada))) == (201, whole(first))
    assert await count(databases, "posts") == 1


async def test_keys_of_a_purged_account_are_deleted_and_those_of_others_stay(
    posts: Posts, ada: Person, stranger: Person, databases: Databases
) -> None:
    for person in (ada, stranger):
        assert (await send(posts, person)).status_code == 201
    purged = ReceivedEvent(uuid4().hex, EventType.ACCOUNT_PURGED, ada.id, None, {}, posts.parts.clock.now())
    sending = asyncio.gather(*(send(posts, ada, str(number)) for number in range(20)))
    await receive(posts.parts.receiver, purged)
    assert {answer.status_code for answer in await sending} <= {201, 401}
    assert (await send(posts, ada)).status_code == 401
    rows = await databases.fetch("posts_app", "SELECT person_id FROM posts.idempotency_keys")
    assert [str(row["person_id"]) for row in rows] == [stranger.id]
