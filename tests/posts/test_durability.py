"""What was answered as done is stored, and what could not be stored is never answered as done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts

STORED = "SELECT title, state FROM posts.posts"
FAIL = "RAISE EXCEPTION 'not today'"
DROP_OUT = "PERFORM pg_terminate_backend(pg_backend_pid())"
AT_ONCE, AT_COMMIT = "IMMEDIATE", "DEFERRED"

WRITES: dict[str, dict[str, Any]] = {
    "POST": {"url": "/posts", "json": {"title": "New", "body": ""}},
    "PATCH": {"url": "/posts/{id}", "json": {"title": "New"}},
    "DELETE": {"url": "/posts/{id}"},
}
each_write = pytest.mark.parametrize("method", WRITES)


@asynccontextmanager
async def trouble(databases: Databases, what: str, when: str) -> AsyncIterator[None]:
    """Within this block PostgreSQL does `what` whenever a post is written: with the statement, or at the commit."""
    function = f"CREATE FUNCTION posts.trouble() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {quoted(what)}; END'"
    trigger = f"""CREATE CONSTRAINT TRIGGER trouble AFTER INSERT OR UPDATE OR DELETE ON posts.posts
        DEFERRABLE INITIALLY {when} FOR EACH ROW EXECUTE FUNCTION posts.trouble()"""
    await databases.execute("posts_owner", function)
    try:
        await databases.execute("posts_owner", trigger)
        yield
    finally:
        await databases.execute("posts_owner", "DROP FUNCTION posts.trouble CASCADE")


def quoted(sql: str) -> str:
    return f"{sql}; RETURN NULL".replace("'", "''")


async def write(posts: Posts, method: str, person: Person, post: dict[str, Any]) -> Any:
    request = WRITES[method]
    url = request["url"].format(**post)
    return await posts.http.request(method, url, json=request.get("json"), headers=person.headers)


async def stored(databases: Databases) -> list[tuple[Any, ...]]:
    """What another connection sees."""
    return [tuple(row) for row in await databases.fetch("posts_app", STORED)]


@each_write
@pytest.mark.parametrize("when", [AT_ONCE, AT_COMMIT])
async def test_a_write_that_fails_is_500_and_never_done(
    posts: Posts, databases: Databases, ada: Person, method: str, when: str
) -> None:
    post = await posts.publish(ada.headers, title="Old")
    async with trouble(databases, FAIL, when):
        answer = await write(posts, method, ada, post)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "not today" not in answer.text
    assert await stored(databases) == [("Old", "published")]


@each_write
@pytest.mark.parametrize("when", [AT_ONCE, AT_COMMIT])
async def test_a_write_whose_connection_dies_is_503_and_never_done(
    posts: Posts, databases: Databases, ada: Person, method: str, when: str
) -> None:
    post = await posts.publish(ada.headers, title="Old")
    async with trouble(databases, DROP_OUT, when):
        answer = await write(posts, method, ada, post)
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert "retry-after" in answer.headers
    assert await stored(databases) == [("Old", "published")]


@each_write
@pytest.mark.parametrize("what", [FAIL, DROP_OUT])
async def test_the_next_write_after_a_failure_is_done(
    posts: Posts, databases: Databases, ada: Person, method: str, what: str
) -> None:
    post = await posts.publish(ada.headers, title="Old")
    async with trouble(databases, what, AT_COMMIT):
        # More than there are connections, so that each of them has had its failure.
        failed = await asyncio.gather(*(write(posts, method, ada, post) for _ in range(12)))
    assert {answer.status_code for answer in failed} == {500 if what is FAIL else 503}
    assert (await write(posts, method, ada, post)).status_code in (200, 201, 204)
    assert await stored(databases) != [("Old", "published")]


async def test_an_author_card_is_not_kept_without_its_post(posts: Posts, databases: Databases, ada: Person) -> None:
    async with trouble(databases, FAIL, AT_COMMIT):
        await write(posts, "POST", ada, {})
    assert await databases.fetch("posts_app", "SELECT id FROM posts.authors") == []
