"""Limits of what one person writes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from posts_service.limits import WritingLimits
from tests.posts.commenting import ask, remove
from tests.posts.people import Person
from tests.support import services
from tests.support.databases import Databases, connected
from tests.support.limits import exact_counts
from tests.support.metrics import scrape
from tests.support.services import Posts
from watchword.auth import Principal
from watchword.limits import LimitReached
from watchword.testing import Issuer

__all__ = ["exact_counts"]

LIMITS: dict[str, Any] = {
    "limit_posts": "3/9000",
    "limit_comments": "2/9000",
    "limit_likes": "4/9000",
    "limit_reports": "1/9000",
    "limit_previews": "2/9000",
}
DRAFT = {"title": "A title", "body": "A body"}
ALLOWANCES = "SELECT key FROM posts.allowances"


@pytest.fixture
async def limited(databases: Databases, issuer: Issuer, without_issuer: None) -> AsyncIterator[Posts]:
    """The service over empty tables, where three posts are the limit."""
    await databases.empty("posts")
    async with services.posts(databases, issuer.verifier(), **LIMITS) as service:
        yield service


async def publish(posts: Posts, person: Person) -> httpx.Response:
    return await posts.http.post("/posts", json=DRAFT, headers=person.headers)


async def test_fourth_post_or_change_of_a_person_is_refused_and_the_answer_says_until_when(
    limited: Posts, ada: Person, stranger: Person
) -> None:
    path = (await publish(limited, ada)).headers["Location"]
    assert (await limited.http.patch(path, json={"title": "Another"}, headers=ada.headers)).status_code == 200
    # What is refused for another reason was an attempt.
    assert (await limited.http.patch(f"{path[:-4]}0000", json={"title": "A"}, headers=ada.headers)).status_code == 404
    for refused in (
        await publish(limited, ada),
        await limited.http.patch(path, json={"title": "A"}, headers=ada.headers),
    ):
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert 0 < int(refused.headers["Retry-After"]) <= 3000
        assert refused.headers["RateLimit-Policy"] == '"posts";q=3;w=9000'
    assert (await limited.http.get(path)).json()["title"] == "Another"
    assert (await publish(limited, stranger)).status_code == 201
    assert (await limited.http.delete(path, headers=ada.headers)).status_code == 204
    metrics = await scrape(limited.http)
    refusals = {name: metrics("watchword_limit_refusals_total", limit=name) for name in metrics.values("limit")}
    assert refusals == {"posts": 2, "comments": 0, "likes": 0, "reports": 0, "previews": 0}


async def test_request_that_no_person_may_make_is_not_counted(
    limited: Posts, ada: Person, databases: Databases
) -> None:
    for headers in ({}, ada.bearer(scope=""), ada.bearer(claims={"sid": None})):
        answer = await limited.http.post("/posts", json=DRAFT, headers=headers)
        assert answer.status_code in (401, 403)
    assert (await limited.http.post("/posts", json={}, headers=ada.headers)).status_code == 422
    assert await databases.fetch("posts_app", ALLOWANCES) == []


@pytest.mark.parametrize(
    ("act", "allowed"),
    [
        (WritingLimits.ensure_may_comment, 2),
        (WritingLimits.ensure_may_like, 4),
        (WritingLimits.ensure_may_report, 1),
        (WritingLimits.ensure_may_preview, 2),
    ],
    ids=["comments", "likes", "reports", "previews"],
)
async def test_each_kind_of_act_has_a_limit_of_its_own(
    limited: Posts, ada: Person, act: Callable[[WritingLimits, Principal], Awaitable[None]], allowed: int
) -> None:
    principal = await limited.parts.verifier.verify(ada.headers["Authorization"].removeprefix("Bearer "))
    for _ in range(allowed):
        await act(limited.parts.limits, principal)
    with pytest.raises(LimitReached):
        await act(limited.parts.limits, principal)
    assert (await publish(limited, ada)).status_code == 201


async def test_likes_and_comments_beyond_their_limit_are_refused_and_a_comment_can_still_be_removed(
    limited: Posts, ada: Person
) -> None:
    post_id = (await publish(limited, ada)).json()["id"]
    url = f"/posts/{post_id}/like"
    likes = [(await limited.http.put(url, headers=ada.headers)).status_code for _ in range(4)]
    assert (likes, (await limited.http.delete(url, headers=ada.headers)).status_code) == ([200] * 4, 429)
    written = (await ask(limited, ada, post_id)).json()
    url, change = f"/comments/{written['id']}", {"body": "Another"}
    assert (await limited.http.patch(url, json=change, headers=ada.headers)).status_code == 200
    assert (await limited.http.patch(url, json=change, headers=ada.headers)).status_code == 429
    assert (await ask(limited, ada, post_id)).headers["RateLimit-Policy"] == '"comments";q=2;w=9000'
    assert (await remove(limited, ada, written["id"])).status_code == 204


async def test_reports_and_restored_versions_are_counted(limited: Posts, ada: Person, stranger: Person) -> None:
    path = (await publish(limited, ada)).headers["Location"]

    async def report() -> int:
        body = {"reason": "Spam"}
        return (await limited.http.post(f"{path}/reports", json=body, headers=stranger.headers)).status_code

    async def restore() -> int:
        return (await limited.http.post(f"{path}/versions/1/restore", headers=ada.headers)).status_code

    assert [await report() for _ in range(2)] == [201, 429]
    assert [await restore() for _ in range(3)] == [200, 200, 429]


async def test_two_processes_share_the_counts_by_digests_that_clean_up_deletes(
    limited: Posts, ada: Person, databases: Databases, issuer: Issuer
) -> None:
    async with services.posts(databases, issuer.verifier(), **LIMITS) as other:
        statuses = [(await publish(service, ada)).status_code for service in (limited, other, limited, other, limited)]
    assert statuses == [201, 201, 201, 429, 429]
    (row,) = await databases.fetch("posts_app", ALLOWANCES)
    assert len(row["key"]) == 16
    await databases.execute("posts_app", "UPDATE posts.allowances SET free_at = now() - interval '1 second'")
    deleted = await limited.parts.cleanup.delete_expired(datetime.now(UTC))
    assert (deleted.rows["allowances"], await databases.fetch("posts_app", ALLOWANCES)) == (1, [])


async def test_a_process_counts_alone_while_the_table_cannot_be_asked(
    limited: Posts, ada: Person, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.limits.limiter.ANSWER_SECONDS", 0.2)
    monkeypatch.setattr("watchword.limits.limiter.ALONE_SECONDS", 600)
    async with connected(databases.url("posts_owner")) as holder, holder.transaction():
        await holder.execute("LOCK TABLE posts.allowances IN ACCESS EXCLUSIVE MODE")
        assert [(await publish(limited, ada)).status_code for _ in range(4)] == [201, 201, 201, 429]
        assert limited.parts.limits.limiter.tally["alone"] == 4
