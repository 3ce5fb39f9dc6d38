"""Whether the reader likes a post, and what that does to its entity tag."""

import asyncio
from typing import Any

from tests.posts.people import Person
from tests.shared.tables import locked, until_backends
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Posts
from tests.support.waiting import until
from watchword.testing import Issuer

LIKE = """
    WITH liked AS (INSERT INTO posts.likes (post_id, person_id) VALUES ($1::text::uuid, $2::text::uuid) RETURNING 1)
    UPDATE posts.posts SET likes = likes + 1 WHERE id = $1::text::uuid
"""


async def seen(posts: Posts, post: dict[str, Any], headers: dict[str, str]) -> list[Any]:
    """What a single read, a list and a list of the author show this reader of `liked`."""
    read = await posts.http.get(f"/posts/{post['id']}", headers=headers)
    lists = [
        await posts.http.get(f"/posts{query}", headers=headers) for query in ("", f"?author={post['author']['id']}")
    ]
    return [item.get("liked", "absent") for item in (read.json(), *(page.json()["items"][0] for page in lists))]


async def test_each_person_sees_whether_they_like_a_post_and_nobody_else_does(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    await posts.publish(stranger.headers)
    post = await posts.publish(ada.headers)
    await databases.execute("posts_app", LIKE, post["id"], stranger.id)
    assert await seen(posts, post, stranger.headers) == [True] * 3
    assert await seen(posts, post, ada.headers) == [False] * 3
    assert await seen(posts, post, {}) == ["absent"] * 3
    service = ada.issuer.bearer(stranger.id, username=None, scope="posts:read")
    assert await seen(posts, post, service) == ["absent"] * 3


async def test_readers_who_are_served_together_see_their_own_likes(
    databases: Databases, issuer: Issuer, without_issuer: None, ada: Person, stranger: Person
) -> None:
    await databases.empty("posts")
    verifier = issuer.verifier(services.POSTS_URL)
    async with services.posts(databases, verifier, database_pool_size=1) as posts:
        # Its reads would wait among those that are counted.
        posts.parts.job_worker.stop()
        await posts.publish(stranger.headers)
        post = await posts.publish(ada.headers)
        await databases.execute("posts_app", LIKE, post["id"], stranger.id)
        async with locked(databases, "likes"):
            first = asyncio.create_task(posts.http.get("/posts", headers=ada.headers))
            await until_backends(databases, 1, "wait_event_type = 'Lock'")
            people = [ada, stranger, stranger]
            others = [asyncio.create_task(seen(posts, post, person.headers)) for person in people]
            await until(lambda: posts.parts.database.reads.use().waiting == len(people))
        assert (await first).status_code == 200
        assert await asyncio.gather(*others) == [[False] * 3, [True] * 3, [True] * 3]


async def test_a_tag_changes_with_likes_and_differs_between_readers(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    await posts.publish(stranger.headers)
    url = f"/posts/{post['id']}"
    tags = [(await posts.http.get(url, headers=headers)).headers["etag"] for headers in ({}, ada.headers)]
    await databases.execute("posts_app", LIKE, post["id"], stranger.id)
    everybody: list[dict[str, str]] = [{}, ada.headers, stranger.headers]
    tags += [(await posts.http.get(url, headers=headers)).headers["etag"] for headers in everybody]
    assert len(set(tags)) == 5
    for old in tags[:2]:
        assert (await posts.http.get(url, headers={"If-None-Match": old})).status_code == 200


async def test_a_like_does_not_refuse_an_editor_and_another_version_does(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    created = await posts.http.post("/posts", json={"title": "A title", "body": ""}, headers=ada.headers)
    await posts.publish(stranger.headers)
    url, headers = created.headers["location"], {**ada.headers, "If-Match": created.headers["etag"]}
    await databases.execute("posts_app", LIKE, created.json()["id"], stranger.id)
    only_if_unchanged = {**ada.headers, "If-None-Match": created.headers["etag"]}
    assert (await posts.http.patch(url, json={"title": "No"}, headers=only_if_unchanged)).status_code == 412
    assert (await posts.http.patch(url, json={"title": "One"}, headers=headers)).status_code == 200
    assert (await posts.http.patch(url, json={"title": "Two"}, headers=headers)).status_code == 412
    assert (await posts.http.delete(url, headers=headers)).status_code == 412
