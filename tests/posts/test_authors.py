"""The author card follows what the author's tokens say, the newest of them first."""

import asyncio
import time
from typing import Any

import asyncpg
import pytest

from tests.posts.people import Person
from tests.posts.summaries import public_part_of
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.testing import StandingClock

CARDS = "SELECT id::text, username FROM posts.authors"


def named(person: Person, username: str, *, seconds_ago: float) -> dict[str, str]:
    """The header fields of a token that was issued then, when this was their name."""
    return person.bearer(username=username, claims={"iat": int(time.time()) - seconds_ago})


async def names(posts: Posts) -> list[str]:
    items: list[dict[str, Any]] = (await posts.http.get("/posts")).json()["items"]
    return [item["author"]["username"] for item in items]


async def test_the_author_card_comes_from_the_token(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    assert post["author"] == {"id": ada.id, "username": "ada"}
    assert [tuple(row) for row in await databases.fetch("posts_app", CARDS)] == [(ada.id, "ada")]


async def test_a_newer_token_with_another_name_renames_every_post(posts: Posts, ada: Person) -> None:
    first = await posts.publish(named(ada, "ada", seconds_ago=60))
    second = await posts.publish(named(ada, "countess", seconds_ago=30))
    assert second["author"]["username"] == "countess"
    assert await names(posts) == ["countess", "countess"]
    read = await posts.http.get(f"/posts/{first['id']}")
    assert read.json() == {**public_part_of(first), "author": {"id": ada.id, "username": "countess"}}


async def test_an_older_token_does_not_bring_an_old_name_back(posts: Posts, ada: Person) -> None:
    await posts.publish(named(ada, "countess", seconds_ago=30))
    late = await posts.publish(named(ada, "ada", seconds_ago=60))
    assert late["author"]["username"] == "countess"
    assert await names(posts) == ["countess", "countess"]


async def test_a_name_that_was_taken_back_does_not_return_with_a_token_from_between(posts: Posts, ada: Person) -> None:
    await posts.publish(named(ada, "ada", seconds_ago=90))
    await posts.publish(named(ada, "ada", seconds_ago=30))
    await posts.publish(named(ada, "countess", seconds_ago=60))
    assert await names(posts) == ["ada", "ada", "ada"]


async def test_a_post_that_waited_for_its_authors_card_bears_the_time_after_that(
    posts_at: Posts, databases: Databases, clock: StandingClock, ada: Person
) -> None:
    first = await posts_at.publish(named(ada, "ada", seconds_ago=60))
    owner = await asyncpg.connect(databases.url("posts_owner"))
    async with owner.transaction():
        await owner.execute("SELECT id FROM posts.authors FOR UPDATE")
        writing = asyncio.create_task(posts_at.publish(named(ada, "countess", seconds_ago=30)))
        await until_backends(databases, 1, "wait_event_type = 'Lock'")
        clock.advance(seconds=4)
    await owner.close()
    second = await writing
    assert second["created_at"] == second["published_at"] == clock.now().isoformat().replace("+00:00", "Z")
    assert first["created_at"] < second["created_at"]


async def test_an_edit_by_another_leaves_the_card_alone(posts: Posts, ada: Person, moderator: Person) -> None:
    post = await posts.publish(ada.headers)
    url = f"/posts/{post['id']}?reason=Spelling"
    edited = await posts.http.patch(url, json={"title": "Tidier"}, headers=moderator.headers)
    assert edited.json()["author"] == post["author"]


@pytest.mark.parametrize("seconds", [30, 0.25])
async def test_a_rename_is_another_entity_tag(posts: Posts, ada: Person, seconds: float) -> None:
    created = await posts.http.post(
        "/posts", json={"title": "A title", "body": ""}, headers=named(ada, "ada", seconds_ago=60)
    )
    await posts.publish(named(ada, "countess", seconds_ago=60 - seconds))
    headers = {**ada.headers, "If-None-Match": created.headers["etag"]}
    again = await posts.http.get(created.headers["location"], headers=headers)
    assert again.status_code == 200
    assert again.json()["author"]["username"] == "countess"


async def test_a_newer_token_with_the_same_name_changes_no_entity_tag(posts: Posts, ada: Person) -> None:
    post = await posts.publish(named(ada, "ada", seconds_ago=60))
    before = await posts.http.get(f"/posts/{post['id']}")
    await posts.publish(named(ada, "ada", seconds_ago=30))
    assert (await posts.http.get(f"/posts/{post['id']}")).headers["etag"] == before.headers["etag"]


async def test_many_names_at_once_leave_the_newest(posts: Posts, ada: Person) -> None:
    bearers = [named(ada, f"name-{n}", seconds_ago=60 - n) for n in range(12)]
    bearers = bearers[::2] + bearers[1::2]
    await asyncio.gather(*(posts.publish(headers) for headers in bearers))
    assert await names(posts) == ["name-11"] * 12


async def test_a_first_post_twice_at_once_makes_one_card(posts: Posts, databases: Databases, ada: Person) -> None:
    await asyncio.gather(*(posts.publish(ada.headers) for _ in range(8)))
    assert [tuple(row) for row in await databases.fetch("posts_app", CARDS)] == [(ada.id, "ada")]
    assert await names(posts) == ["ada"] * 8


async def test_two_authors_may_have_the_same_name(posts: Posts, ada: Person, stranger: Person) -> None:
    await posts.publish(ada.headers)
    namesake = await posts.publish(stranger.bearer(username="ada"))
    assert namesake["author"] == {"id": stranger.id, "username": "ada"}
    assert await names(posts) == ["ada", "ada"]
