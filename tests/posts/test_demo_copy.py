"""`make demo N=…`: what is copied is what the services would have written, and is copied once."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.common import DATABASE_URLS, CommandFailed
from deploy.local.demo_copy import PEOPLE, copy_demo, copy_posts
from deploy.local.demo_rows import post_id, post_rows
from posts_service.posts.derivation import DERIVE
from posts_service.rendering.rerendering import PORTION
from tests.posts.people import Person
from tests.shared.tables import locked
from tests.support.databases import Databases, connected
from tests.support.services import Posts
from tests.support.waiting import until
from watchword.jobs import Job

CARDS = "INSERT INTO posts.authors SELECT id, 'reader', now() FROM unnest($1::uuid[]) AS id"
COLUMNS = (
    "id, slug, title, body, summary, has_own_summary, html, renderer, tags, state, version, derived_version, likes"
)
MADE = {
    "posts": f"SELECT {COLUMNS} FROM posts.posts ORDER BY id",  # noqa: S608 - constants
    "slugs": "SELECT slug, post_id FROM posts.slugs ORDER BY slug",
    "tags": "SELECT name, posts FROM posts.tags WHERE posts > 0 ORDER BY name",
    "tags of posts": "SELECT post_id, tag, published_at FROM posts.post_tags ORDER BY post_id, tag",
    "terms": "SELECT post_id, published_at, terms FROM posts.post_terms ORDER BY post_id",
}
LIKES = "SELECT count(*) AS rows, (SELECT sum(likes) FROM posts.posts) AS counted FROM posts.likes"
KATHERINE = (
    "INSERT INTO identity.users (username, email, password_hash) VALUES ('Katherine', 'k@example.com', 'a hash')"
)
PEOPLE_OF_IDENTITY = """
SELECT count(*), (SELECT count(*) FROM identity.user_roles) FROM identity.users
WHERE username LIKE 'reader%' AND password_hash = 'a hash'
"""


class Interruption(Exception):
    """What a command is interrupted by."""


@pytest.fixture
async def people(databases: Databases, posts: Posts) -> list[UUID]:
    """Forty people with author cards."""
    people = [uuid4() for _ in range(40)]
    await databases.execute("posts_owner", CARDS, people)
    return people


@pytest.fixture
async def environment(databases: Databases, posts: Posts) -> dict[str, str]:
    """That of an installation which has the account Katherine."""
    await databases.empty("identity", "roles", "role_permissions")
    await databases.execute("identity_owner", KATHERINE)
    return {variable: databases.url(role) for role, variable in DATABASE_URLS.items()}


async def copy(databases: Databases, people: list[UUID], count: int, *, interrupted_after: int | None = None) -> None:
    def show(done: int) -> None:
        if done == interrupted_after:
            raise Interruption

    async with connected(databases.url("posts_owner")) as connection:
        await copy_posts(connection, people, range(count), "english", show)


async def contents(databases: Databases) -> dict[str, list[Any]]:
    return {name: await databases.fetch("posts_app", sql) for name, sql in MADE.items()}


async def test_what_is_copied_is_what_the_service_makes_of_the_same_posts(
    posts: Posts, databases: Databases, people: list[UUID]
) -> None:
    await copy(databases, people, PORTION - 1)
    copied = await contents(databases)
    await databases.execute("posts_app", "UPDATE posts.posts SET derived_version = 0, html = NULL, summary = NULL")
    await databases.execute("posts_app", "DELETE FROM posts.post_terms")
    await posts.parts.derivation.run(Job(uuid4(), DERIVE, DERIVE, {}, 1, 0, datetime.now(UTC)))
    assert await contents(databases) == copied
    [likes] = await databases.fetch("posts_app", LIKES)
    assert likes["rows"] == likes["counted"] >= PORTION - 1


async def test_what_is_copied_is_read_like_other_posts(posts: Posts, databases: Databases, people: list[UUID]) -> None:
    await copy(databases, people, 30)
    items = (await posts.http.get("/posts?limit=100")).json()["items"]
    assert [item["id"] for item in items] == [str(post_id(number)) for number in range(30)]
    newest = await posts.http.get(f"/posts/by-slug/{items[0]['slug']}")
    assert newest.json()["body"] == post_rows(0, people).post["body"]
    assert len((await posts.http.get("/posts?q=tuesday&limit=100")).json()["items"]) > 5
    assert len((await posts.http.get("/posts?q=reykjavik")).json()["items"]) == 1


async def test_an_interrupted_copy_is_completed_by_the_next_and_what_is_there_stays(
    databases: Databases, people: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.demo_copy.PORTION", 10)
    with pytest.raises(Interruption):
        await copy(databases, people, 30, interrupted_after=20)
    half = await contents(databases)
    assert len(half["posts"]) == 20
    await databases.execute("posts_app", "UPDATE posts.posts SET title = 'Changed' WHERE id = $1", post_id(3))
    await copy(databases, people, 30)
    assert len((await contents(databases))["posts"]) == 30
    whole = await contents(databases)
    await copy(databases, people, 25)
    assert await contents(databases) == whole
    assert [row["title"] for row in whole["posts"] if row["id"] == post_id(3)] == ["Changed"]


async def test_two_copies_at_once_write_each_post_once(databases: Databases, people: list[UUID]) -> None:
    await asyncio.gather(*(copy(databases, people, 20) for _ in range(2)))
    assert len((await contents(databases))["slugs"]) == 20
    [likes] = await databases.fetch("posts_app", LIKES)
    assert likes["rows"] == likes["counted"]


async def test_a_server_that_stops_meanwhile_is_one_message(databases: Databases, environment: dict[str, str]) -> None:
    async def is_ended() -> bool:
        return await databases.end_connections("posts_owner", "wait_event_type = 'Lock'") > 0

    async with locked(databases, "posts"):
        copying = asyncio.create_task(copy_demo(environment, "katherine", 1, lambda _: None))
        await until(is_ended)
        with pytest.raises(CommandFailed, match="can be repeated"):
            await copying


async def test_the_slug_of_somebody_elses_post_stays_theirs(
    posts: Posts, databases: Databases, ada: Person, people: list[UUID]
) -> None:
    own = await posts.publish(ada.headers, title=post_rows(0, people).post["title"])
    await copy(databases, people, 1)
    [copied] = (await posts.http.get(f"/posts?author={post_rows(0, people).post['author_id']}")).json()["items"]
    assert copied["slug"] != own["slug"]
    assert copied["slug"].startswith(own["slug"][:40])


async def test_two_commands_at_once_make_the_people_once_with_the_password_of_an_account(
    databases: Databases, environment: dict[str, str]
) -> None:
    with pytest.raises(CommandFailed, match="there is no account mary"):
        await copy_demo(environment, "mary", 10, lambda _: None)
    await asyncio.gather(*(copy_demo(environment, "katherine", 10, lambda _: None) for _ in range(2)))
    [row] = await databases.fetch("identity_app", PEOPLE_OF_IDENTITY)
    assert tuple(row) == (PEOPLE, PEOPLE)
    assert len((await contents(databases))["posts"]) == 10


@pytest.mark.parametrize("name", ["POSTS_SEARCH_LANGUAGE", "posts_search_language"])
async def test_posts_are_copied_in_the_language_of_the_service(
    databases: Databases, environment: dict[str, str], name: str
) -> None:
    await copy_demo({**environment, name: "simple"}, "katherine", 1, lambda _: None)
    [row] = await databases.fetch("posts_app", "SELECT terms FROM posts.post_terms")
    # A stop word of English.
    assert "'a':" in row["terms"]
