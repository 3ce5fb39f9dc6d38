"""What is left of comments when their author is erased, also while they write."""

import asyncio

from tests.posts.commenting import ask, comment, comments_of, counts, remove
from tests.posts.erasing import WAITING, erase_in, erasing
from tests.posts.people import Person
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database
from watchword.testing import Issuer

OF_PERSON = "SELECT FROM posts.comments WHERE author_id = $1::text::uuid"


async def test_erasure_leaves_placeholders_where_others_have_answered_and_nothing_else(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    alone, answered, own = [await comment(posts, stranger, post["id"], text) for text in ("alone", "answered", "own")]
    others, emptied = [await comment(posts, ada, post["id"], text) for text in ("others", "emptied")]
    reply = await comment(posts, ada, post["id"], "An answer", answered["id"])
    for parent in (own, others, emptied):
        await comment(posts, stranger, post["id"], "An answer", parent["id"])
    await remove(posts, ada, emptied["id"])
    assert await counts(databases) == [(8, 8, 1, 0)]
    await erase_in(other, posts, stranger)
    placeholder, *rest = await comments_of(posts, post["id"])
    assert (placeholder["id"], placeholder["is_removed"], placeholder["author"]) == (answered["id"], True, None)
    assert (placeholder["body"], placeholder["html"], placeholder["version"]) == (None, None, 2)
    assert rest == [reply, others]
    assert await counts(databases) == [(2, 2, 1, 0)]
    assert alone["id"] not in {item["id"] for item in rest}


async def test_a_comment_that_waits_for_the_erasure_of_its_author_is_refused(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    await comment(posts, stranger, post["id"])
    async with erasing(other, posts, stranger):
        waiting = asyncio.create_task(ask(posts, stranger, post["id"]))
        await until_backends(databases, 1, WAITING)
    assert (await waiting).status_code == 401
    assert await counts(databases) == [(0, 0, 0, 0)]


async def test_the_first_comment_of_somebody_who_is_being_erased_is_refused(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    async with erasing(other, posts, stranger):
        waiting = asyncio.create_task(ask(posts, stranger, post["id"]))
        await until_backends(databases, 1, WAITING)
    assert (await waiting).status_code == 401
    assert await databases.fetch("posts_app", "SELECT FROM posts.authors WHERE username = 'mallory'") == []


async def test_a_change_that_waits_for_the_erasure_of_its_author_finds_no_comment(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    written = await comment(posts, stranger, post["id"])
    await comment(posts, ada, post["id"], "An answer", written["id"])
    url, change = f"/comments/{written['id']}", {"body": "Another"}
    async with erasing(other, posts, stranger):
        waiting = asyncio.create_task(posts.http.patch(url, json=change, headers=stranger.headers))
        await until_backends(databases, 1, WAITING)
    assert (await waiting).status_code == 404
    assert await counts(databases) == [(1, 1, 1, 0)]


async def test_people_who_comment_on_each_others_posts_are_erased_at_once_while_others_write(
    posts: Posts, databases: Databases, other: Database, issuer: Issuer, ada: Person, stranger: Person
) -> None:
    """Each erasure counts comments on posts that another one deletes."""
    authors = [Person(issuer, f"author-{number}") for number in range(4)]
    ids = [(await posts.publish(author.headers))["id"] for author in (*authors, ada) for _ in range(2)]
    for post_id in ids:
        first = [await comment(posts, author, post_id) for author in authors]
        for author, parent in zip(authors, reversed(first), strict=True):
            await comment(posts, author, post_id, "An answer", parent["id"])
    writing = [ask(posts, stranger, post_id) for post_id in ids for _ in range(3)]
    answers = asyncio.gather(*writing)
    await asyncio.gather(*(erase_in(other, posts, author) for author in authors))
    assert {answer.status_code for answer in await answers} <= {201, 404}
    for author in authors:
        assert await databases.fetch("posts_app", OF_PERSON, author.id) == []
    assert await counts(databases) == [(3, 3, 0, 0)] * 2
