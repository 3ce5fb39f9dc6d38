"""Lists by tag and by state, the oldest first and the most liked first."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from posts_service.posts.policy import Permission
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts

LIKES = "UPDATE posts.posts SET likes = $2 WHERE id = $1::text::uuid"
TAG = "INSERT INTO posts.post_tags (post_id, tag, published_at) SELECT id, 'engines', published_at FROM posts.posts"
UNPUBLISH = "UPDATE posts.posts SET state = 'unpublished', unpublished_reason = 'Spam' WHERE id = $1::text::uuid"
EVERY_LIST = [
    "",
    "author={id}",
    "tag=engines",
    *(f"sort=oldest{more}" for more in ("", "&author={id}", "&tag=engines")),
]


async def ids(posts: Posts, query: str, headers: dict[str, str] | None = None) -> list[str]:
    answer = await posts.http.get(f"/posts?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def walk(posts: Posts, query: str) -> AsyncIterator[str]:
    """The ids of a list, one for each page."""
    url: str | None = f"/posts?limit=1&{query}"
    while url is not None:
        answer = await posts.http.get(url)
        assert answer.status_code == 200, answer.text
        for item in answer.json()["items"]:
            yield item["id"]
        url = answer.links["next"]["url"] if "next" in answer.links else None


async def publish(posts: Posts, author: Person, count: int) -> list[str]:
    return [(await posts.publish(author.headers))["id"] for _ in range(count)]


@pytest.mark.parametrize("query", EVERY_LIST)
async def test_every_list_stays_right_while_posts_come_and_go(
    posts: Posts, databases: Databases, ada: Person, query: str
) -> None:
    """Nothing is shown twice and nothing that stays is left out."""
    query = query.format(id=ada.id)
    first = await publish(posts, ada, 6)
    await databases.execute("posts_app", TAG)
    order = first if "oldest" in query else first[::-1]
    pages, shown = walk(posts, query), list[str]()
    async for post_id in pages:
        shown.append(post_id)
        if len(shown) == 2:
            for gone in (order[1], order[3]):
                await posts.http.delete(f"/posts/{gone}", headers=ada.headers)
            later = await publish(posts, ada, 1)
            await databases.execute("posts_app", f"{TAG} ON CONFLICT DO NOTHING")
    # The newest are at the end of the oldest first.
    assert shown == [post_id for post_id in order if post_id != order[3]] + (later if "oldest" in query else [])


async def test_the_most_liked_come_first_and_each_once(posts: Posts, databases: Databases, ada: Person) -> None:
    posts_by_likes = list(zip(await publish(posts, ada, 5), (3, 0, 7, 3, 1), strict=True))
    for post_id, likes in posts_by_likes:
        await databases.execute("posts_app", LIKES, post_id, likes)
    expected = [post_id for post_id, _ in sorted(posts_by_likes, key=lambda pair: (pair[1], pair[0]), reverse=True)]
    assert await ids(posts, "sort=most_liked") == expected
    assert [post_id async for post_id in walk(posts, "sort=most_liked")] == expected


async def test_a_list_by_tag_has_the_posts_with_it(posts: Posts, databases: Databases, ada: Person) -> None:
    tagged = await publish(posts, ada, 2)
    await databases.execute("posts_app", TAG)
    await publish(posts, ada, 1)
    assert await ids(posts, "tag=engines") == tagged[::-1]
    assert await ids(posts, "tag=engines&sort=oldest") == tagged
    assert await ids(posts, "tag=other") == []
    for tag in ("%00", "x" * 33):
        assert (await posts.http.get(f"/posts?tag={tag}")).status_code == 422


async def test_unpublished_posts_are_their_authors_and_those_who_may_unpublish(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    [hers], [theirs] = await publish(posts, ada, 1), await publish(posts, stranger, 1)
    for post_id in (hers, theirs):
        await databases.execute("posts_app", UNPUBLISH, post_id)
    moderator = Person(ada.issuer, "grace", (Permission.POST_UNPUBLISH_ANY,))
    editor = Person(ada.issuer, "edith", (Permission.POST_EDIT_ANY,))
    by_ada = f"state=unpublished&author={ada.id}"
    for reader, of_all, of_ada in (
        (ada, [hers], [hers]), (stranger, [theirs], []), (moderator, [theirs, hers], [hers]), (editor, [], []),
    ):  # fmt: skip
        assert await ids(posts, "state=unpublished", reader.headers) == of_all
        assert await ids(posts, by_ada, reader.headers) == of_ada
        status = 200 if hers in of_ada else 404
        read = await posts.http.get(f"/posts/{hers}", headers=reader.headers)
        assert (read.status_code, read.json().get("unpublished_reason")) == (status, "Spam" if status == 200 else None)
    assert (await posts.http.get("/posts?state=unpublished")).status_code == 401
    assert await ids(posts, "") == []


@pytest.mark.parametrize(
    "query",
    ["author={id}&tag=x", "sort=most_liked&author={id}", "sort=most_liked&tag=x", "state=draft&tag=x",
     "state=draft&sort=oldest", "state=unpublished&sort=most_liked"],
)  # fmt: skip
async def test_a_list_that_is_not_kept_is_refused(posts: Posts, ada: Person, query: str) -> None:
    answer = await posts.http.get(f"/posts?{query.format(id=ada.id)}", headers=ada.headers)
    problem: dict[str, Any] = answer.json()
    assert answer.status_code == 422
    assert [flaw["code"] for flaw in problem["errors"]] == ["unsupported_combination"]


async def test_a_cursor_is_valid_in_its_own_list_alone(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    for person in (ada, stranger):
        await publish(posts, person, 2)
    await databases.execute("posts_app", TAG)
    lists = [*EVERY_LIST, "sort=most_liked", f"author={stranger.id}", "state=draft", "state=draft&author={id}"]
    await posts.publish(ada.headers, state="draft")
    await posts.publish(ada.headers, state="draft")
    queries = [query.format(id=ada.id) for query in lists]
    first = [await posts.http.get(f"/posts?limit=1&{query}", headers=ada.headers) for query in queries]
    cursors = [page.json()["next"] for page in first]
    assert len(set(cursors)) == len(lists) - 1
    for query, own in zip(queries, cursors, strict=True):
        for cursor in cursors:
            answer = await posts.http.get(f"/posts?limit=1&{query}&cursor={cursor}", headers=ada.headers)
            assert answer.status_code == (200 if cursor == own else 422)
    assert (
        await posts.http.get(f"/posts?state=draft&cursor={cursors[-1]}", headers=stranger.headers)
    ).status_code == 422
