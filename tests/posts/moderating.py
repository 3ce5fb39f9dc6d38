"""What readers and moderators ask of the service."""

from typing import Any

import httpx

from tests.posts.people import Person
from tests.support.services import Posts

REASON = "It is an advertisement"


async def report(posts: Posts, reporter: Person, post: dict[str, Any], reason: str = REASON) -> httpx.Response:
    return await posts.http.post(f"/posts/{post['id']}/reports", json={"reason": reason}, headers=reporter.headers)


async def decide(posts: Posts, moderator: Person, report_id: str, **decision: Any) -> httpx.Response:
    return await posts.http.patch(f"/moderation/reports/{report_id}", json=decision, headers=moderator.headers)


async def page(posts: Posts, moderator: Person, path: str, **query: Any) -> dict[str, Any]:
    """One page of a list of the moderators."""
    answer = await posts.http.get(f"/moderation/{path}", params=query, headers=moderator.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def every_item(posts: Posts, moderator: Person, path: str, **query: Any) -> list[dict[str, Any]]:
    """The items of this page of such a list and of those after it."""
    items: list[dict[str, Any]] = []
    while True:
        content = await page(posts, moderator, path, **query)
        items += content["items"]
        if content["next"] is None:
            return items
        query["cursor"] = content["next"]


async def unpublish(posts: Posts, moderator: Person, post: dict[str, Any], reason: str = REASON) -> httpx.Response:
    body = {"reason": reason}
    return await posts.http.post(f"/posts/{post['id']}/unpublish", json=body, headers=moderator.headers)


async def change(
    posts: Posts, person: Person, post: dict[str, Any], reason: str | None = None, **members: Any
) -> httpx.Response:
    params = {} if reason is None else {"reason": reason}
    return await posts.http.patch(f"/posts/{post['id']}", json=members, params=params, headers=person.headers)
