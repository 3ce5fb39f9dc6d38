"""Publishing and editing meet the erasure of their author at every point, and nothing of the author is left."""

import asyncio
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from posts_service.posts import repository
from posts_service.posts.version_columns import first_version
from tests.posts.erasing import PURGE, WAITING, erase_in, erasing
from tests.posts.people import Person
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database, locks

DRAFT = {"title": "A title", "body": "A body", "state": "published"}
OF_AUTHOR = """SELECT title FROM posts.posts WHERE author_id = $1::text::uuid
    UNION ALL SELECT username FROM posts.authors WHERE id = $1::text::uuid"""


async def rows_of(databases: Databases, author: Person) -> list[str]:
    return [row["title"] for row in await databases.fetch("posts_app", OF_AUTHOR, author.id)]


def publishing(posts: Posts, author: Person) -> "asyncio.Task[httpx.Response]":
    return asyncio.create_task(posts.http.post("/posts", json=DRAFT, headers=author.headers))


async def test_erasure_waits_for_a_post_that_is_being_written_and_deletes_it(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    await posts.publish(ada.headers)
    now = posts.parts.clock.now()
    async with posts.parts.database.writes.begin() as db:
        columns = {**first_version(DRAFT, now), "slug": "a", "another_slug": "b", "language": "english"}
        written = await repository.insert(db, UUID(ada.id), now - timedelta(hours=1), columns)
        assert written is not None
        erasure = asyncio.create_task(erase_in(other, posts, ada))
        await until_backends(databases, 1, WAITING)
    await erasure
    assert await rows_of(databases, ada) == []


async def test_post_that_waits_for_an_erasure_is_refused(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    await posts.publish(ada.headers)
    async with erasing(other, posts, ada):
        writing = publishing(posts, ada)
        await until_backends(databases, 1, WAITING)
    assert (await writing).status_code == 401
    assert await rows_of(databases, ada) == []


async def test_first_post_that_waits_for_an_erasure_is_refused(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    async with erasing(other, posts, ada):
        writing = publishing(posts, ada)
        await until_backends(databases, 1, WAITING)
    assert (await writing).status_code == 401
    assert await rows_of(databases, ada) == []


async def test_post_that_waits_for_an_erasure_which_fails_is_written(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    await posts.publish(ada.headers)
    async with erasing(other, posts, ada) as db:
        writing = publishing(posts, ada)
        await until_backends(databases, 1, WAITING)
        await db.rollback()
    assert (await writing).status_code == 201
    assert await rows_of(databases, ada) == ["A title", "A title", "ada"]


async def test_post_of_an_author_who_is_purged_and_not_yet_erased_is_refused(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    await posts.publish(ada.headers)
    async with other.begin() as db:
        await db.execute(text(PURGE), {"subject": ada.id})
    assert (await publishing(posts, ada)).status_code == 401
    assert await rows_of(databases, ada) == ["A title", "ada"]


async def test_author_who_is_erased_leaves_nothing_for_a_later_post(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    await posts.publish(ada.headers)
    await erase_in(other, posts, ada)
    assert (await publishing(posts, ada)).status_code == 401
    assert await rows_of(databases, ada) == []


@pytest.mark.parametrize("members", [{"title": "Another"}, {"state": "draft"}])
async def test_edit_that_waits_for_an_erasure_finds_no_post(
    posts: Posts, databases: Databases, other: Database, ada: Person, members: dict[str, Any]
) -> None:
    post = await posts.publish(ada.headers)
    async with erasing(other, posts, ada):
        url = f"/posts/{post['id']}"
        editing = asyncio.create_task(posts.http.patch(url, json=members, headers=ada.headers))
        await until_backends(databases, 1, WAITING)
    assert (await editing).status_code == 404
    assert await rows_of(databases, ada) == []


async def test_only_a_post_that_makes_or_renames_the_card_waits_for_the_authors_lock(
    posts: Posts, databases: Databases, other: Database, ada: Person
) -> None:
    older = ada.bearer(claims={"iat": int(time.time()) - 60})
    await posts.publish(older)
    async with other.begin() as db:
        await locks.lock(db, f"author {ada.id}")
        await posts.publish(older, title="Not waiting")
        waiting = asyncio.create_task(posts.publish(ada.bearer(username="countess"), title="Waiting"))
        await until_backends(databases, 1, WAITING)
    assert (await waiting)["author"]["username"] == "countess"
    assert await rows_of(databases, ada) == ["A title", "Not waiting", "Waiting", "countess"]


async def test_posts_of_others_wait_for_no_erasure(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person
) -> None:
    await posts.publish(ada.headers)
    async with erasing(other, posts, ada):
        await posts.publish(stranger.headers)
        await posts.publish(stranger.headers)
    assert await rows_of(databases, stranger) == ["A title", "A title", "mallory"]
