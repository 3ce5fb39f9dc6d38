"""Writing and removing comments in tests."""

from typing import Any

import httpx

from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts

COUNTS = """
    SELECT posts.comments, count(c.body) AS number, count(removed_at) AS placeholders,
        count(removed_at) FILTER (WHERE NOT EXISTS (SELECT FROM posts.comments a WHERE a.parent_id = c.id)) AS left_over
    FROM posts.posts LEFT JOIN posts.comments c ON c.post_id = posts.id GROUP BY posts.id ORDER BY posts.id
"""


async def ask(
    posts: Posts, person: Person, post_id: str, body: str = "A comment", parent_id: str | None = None
) -> httpx.Response:
    """Comment on a post, or answer a comment on it."""
    draft = {"body": body, **({} if parent_id is None else {"parent_id": parent_id})}
    return await posts.http.post(f"/posts/{post_id}/comments", json=draft, headers=person.headers)


async def comment(posts: Posts, person: Person, post_id: str, *rest: str) -> dict[str, Any]:
    """Comment on a post, or answer a comment on it, and return the comment."""
    answer = await ask(posts, person, post_id, *rest)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def remove(posts: Posts, person: Person, comment_id: str, **query: str) -> httpx.Response:
    return await posts.http.delete(f"/comments/{comment_id}", params=query, headers=person.headers)


async def comments_of(posts: Posts, post_id: str, **query: Any) -> list[dict[str, Any]]:
    """One page of the comments on a post, as everybody reads it."""
    answer = await posts.http.get(f"/posts/{post_id}/comments", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def counts(databases: Databases) -> list[tuple[int, ...]]:
    """For each post its count, its comments, its placeholders, and how many of these have no answer."""
    return [tuple(row) for row in await databases.fetch("posts_app", COUNTS)]
