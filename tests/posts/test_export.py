"""People take with them what is theirs, and nothing of others."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest
from asyncpg import Record

from posts_service.export import service, statements
from tests.posts.commenting import comment
from tests.posts.listening import LivePosts
from tests.posts.moderating import report
from tests.posts.people import Person
from tests.support.services import Posts
from watchword.database.reads import ReadPool
from watchword.database.statements import Statement

URL = "/me/posts/export"


async def export(posts: Posts, person: Person) -> list[dict[str, Any]]:
    answer = await posts.http.get(URL, headers=person.headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert answer.text.endswith("\n")
    return [orjson.loads(line) for line in answer.text.splitlines()]


def of(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["type"] == kind]


async def write(posts: Posts, ada: Person, stranger: Person) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Have ada write everything twice and more, and a stranger some. Returns ada's posts, and the stranger's."""
    states = ("published", "draft", "published")
    own = [await posts.publish(ada.headers, title=f"Mine {n}", state=state) for n, state in enumerate(states)]
    for title in ("Second", "Third", "Fourth"):
        await posts.http.patch(f"/posts/{own[0]['id']}", json={"title": title}, headers=ada.headers)
    others = await posts.publish(stranger.headers, title="Not mine")
    for number in range(5):
        await comment(posts, ada, others["id"], f"Comment {number}")
    await comment(posts, stranger, own[0]["id"], "Not mine")
    for post in (own[0], others):
        await posts.http.put(f"/posts/{post['id']}/like", headers=ada.headers)
    await posts.http.put(f"/posts/{own[2]['id']}/like", headers=stranger.headers)
    await report(posts, ada, others, "Mine")
    await report(posts, stranger, own[0], "Not mine")
    return own, others


async def test_an_export_has_all_of_ones_own_and_nothing_of_others(
    posts: Posts, ada: Person, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PORTION", 2)
    own, others = await write(posts, ada, stranger)
    lines = await export(posts, ada)
    assert lines[0] == {"type": "author", "id": ada.id, "username": "ada"}
    assert lines[-1] == {"type": "end"}
    kinds = ["post", "post", *(["version"] * 3), "post", *(["comment"] * 5), "like", "like", "report"]
    assert [line["type"] for line in lines[1:-1]] == kinds
    present = [(post["title"], post["state"]) for post in of(lines, "post")]
    assert present == [("Fourth", "published"), ("Mine 1", "draft"), ("Mine 2", "published")]
    assert [line["title"] for line in of(lines, "version")] == ["Mine 0", "Second", "Third"]
    assert [line["body"] for line in of(lines, "comment")] == [f"Comment {number}" for number in range(5)]
    assert [line["post_id"] for line in of(lines, "like")] == [own[0]["id"], others["id"]]
    assert [line["reason"] for line in of(lines, "report")] == ["Mine"]
    assert not [line for line in lines if "Not mine" in line.values()]
    assert of(lines, "post")[0]["created_at"] == own[0]["created_at"]


async def test_who_has_nothing_gets_a_whole_export_of_nothing(posts: Posts, ada: Person) -> None:
    assert await export(posts, ada) == [{"type": "end"}]


async def test_an_export_that_fails_on_the_way_does_not_look_whole(
    posts: Posts, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await posts.publish(ada.headers)
    parts: list[bytes] = []
    list_portion = statements.list_portion

    async def fail(reads: ReadPool, kind: Statement, *rest: Any) -> list[Record]:
        if kind is not statements.POSTS:
            raise RuntimeError("on the way")
        return await list_portion(reads, kind, *rest)

    monkeypatch.setattr("posts_service.export.statements.list_portion", fail)
    with pytest.raises((RuntimeError, httpx.HTTPError)):
        async with posts.http.stream("GET", URL, headers=ada.headers) as answer:
            parts += [part async for part in answer.aiter_bytes()]
    assert service.END not in b"".join(parts)


async def test_an_export_ends_with_its_session_and_does_not_look_whole(
    live_posts: LivePosts, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = asyncio.Event()

    async def wait(*_: object) -> None:
        waits.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("posts_service.export.statements.list_versions", wait)
    post = await live_posts.publish(ada.headers)
    await live_posts.edit(ada.headers, post["id"], title="Another")
    ending = ada.bearer(claims={"sid": "over"})
    async with live_posts.server.http.stream("GET", URL, headers=ending) as answer:
        await asyncio.wait_for(waits.wait(), 60)
        live_posts.end_session("over")
        lines = [orjson.loads(line)["type"] async for line in answer.aiter_lines()]
    assert lines == ["author", "post"]
