"""An erasure of much is done in portions, each in a transaction of its own, beside others who write."""

import asyncio

import pytest
from sqlalchemy import text

from posts_service.events.effects import erase_author
from tests.posts.commenting import ask, comment, counts
from tests.posts.erasing import PURGE, purged
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database
from watchword.testing import Issuer

LIKES = "SELECT likes, (SELECT count(*) FROM posts.likes WHERE post_id = posts.id) FROM posts.posts ORDER BY id"
OF_PERSON = """SELECT FROM posts.posts WHERE author_id = $1::text::uuid UNION ALL
    SELECT FROM posts.authors WHERE id = $1::text::uuid UNION ALL
    SELECT FROM posts.likes WHERE person_id = $1::text::uuid UNION ALL
    SELECT FROM posts.comments WHERE author_id = $1::text::uuid"""


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posts_service.erasure.erasure.POSTS", 2)
    monkeypatch.setattr("posts_service.erasure.erasure.REACTIONS", 4)


async def erase_in_portions(other: Database, posts: Posts, author: Person) -> int:
    """Erase as a receiver does. Returns in how many transactions."""
    async with other.begin() as db:
        await db.execute(text(PURGE), {"subject": author.id})
    number, has_more = 0, True
    while has_more:
        async with other.begin() as db:
            has_more = await erase_author(db, purged(posts, author))
        number += 1
    return number


async def like(posts: Posts, person: Person, post_id: str) -> None:
    assert (await posts.http.put(f"/posts/{post_id}/like", headers=person.headers)).status_code in {200, 404}


async def test_portions_end_and_leave_right_counts_and_nothing_of_the_person(
    posts: Posts, databases: Databases, other: Database, issuer: Issuer, ada: Person, stranger: Person
) -> None:
    own = [(await posts.publish(ada.headers, tags=["a"]))["id"] for _ in range(3)]
    others = [(await posts.publish(stranger.headers, tags=["a"]))["id"] for _ in range(3)]
    for post_id in others:
        await like(posts, ada, post_id)
        await comment(posts, ada, post_id)
    first = await comment(posts, stranger, own[0])
    for number in range(4):
        await like(posts, Person(issuer, f"reader-{number}"), own[0])
        await comment(posts, stranger, own[0], "An answer", first["id"])
    assert await erase_in_portions(other, posts, ada) > 3
    assert await databases.fetch("posts_app", OF_PERSON, ada.id) == []
    assert [tuple(row) for row in await databases.fetch("posts_app", LIKES)] == [(0, 0)] * 3
    assert await counts(databases) == [(0, 0, 0, 0)] * 3
    assert [row["posts"] for row in await databases.fetch("posts_app", "SELECT posts FROM posts.tags")] == [3]
    assert await erase_in_portions(other, posts, ada) == 1


async def test_likes_and_comments_on_posts_that_are_too_many_to_delete_at_once_go_first_and_are_counted_out(
    posts: Posts, databases: Databases, other: Database, issuer: Issuer, ada: Person, stranger: Person
) -> None:
    post_id = (await posts.publish(ada.headers))["id"]
    first = await comment(posts, stranger, post_id)
    for number in range(3):
        await like(posts, Person(issuer, f"reader-{number}"), post_id)
        await comment(posts, stranger, post_id, "An answer", first["id"])
    async with other.begin() as db:
        assert await erase_author(db, purged(posts, ada))
    assert [tuple(row) for row in await databases.fetch("posts_app", LIKES)] == [(1, 1)]
    assert await counts(databases) == [(2, 2, 0, 0)]


async def test_people_who_are_erased_in_portions_at_once_while_others_write_wait_for_nobody_in_a_circle(
    posts: Posts, databases: Databases, other: Database, issuer: Issuer, ada: Person, stranger: Person
) -> None:
    authors = [Person(issuer, f"author-{number}") for number in range(3)]
    ids = [(await posts.publish(author.headers, tags=["a", "b"]))["id"] for author in (*authors, ada) for _ in range(2)]
    for post_id in ids:
        for author in authors:
            await like(posts, author, post_id)
            await comment(posts, author, post_id)
    writing = asyncio.gather(*(ask(posts, stranger, post_id) for post_id in ids for _ in range(2)))
    liking = asyncio.gather(*(like(posts, stranger, post_id) for post_id in ids))
    await asyncio.gather(*(erase_in_portions(other, posts, author) for author in authors))
    assert {answer.status_code for answer in await writing} <= {201, 404}
    await liking
    for author in authors:
        assert await databases.fetch("posts_app", OF_PERSON, author.id) == []
    assert [tuple(row) for row in await databases.fetch("posts_app", LIKES)] == [(1, 1)] * 2
    assert await counts(databases) == [(2, 2, 0, 0)] * 2
