"""Lists show the beginning of a post's text, and a page is never long."""

from typing import Any

import pytest

from posts_service.posts.schemas import PostSummary
from tests.posts.people import Person
from tests.posts.summaries import summary_of
from tests.support.databases import Databases
from tests.support.services import Posts
from tests.support.waiting import PATIENCE_SECONDS
from watchword.http.paging import MAX_PAGE_BYTES

# The bytes that JSON needs for one character are 1, 4 and 6.
CHARACTERS = ["x", "😀", "\x01"]
FILL = """
    INSERT INTO posts.posts (author_id, title, body, state, version, created_at, updated_at, published_at)
    SELECT author_id, $1, $2, state, 1, now(), now(), now() FROM posts.posts, generate_series(1, 100)
"""


async def test_a_listed_post_has_the_members_of_its_schema_and_no_body(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, body="A short text")
    [listed] = (await posts.http.get("/posts", headers=ada.headers)).json()["items"]
    assert list(listed) == list(PostSummary.model_fields)
    assert "body" not in listed
    assert {**summary_of(post), "liked": False} == listed


@pytest.mark.parametrize("query", ["", "&state=draft", "&author={id}"])
@pytest.mark.parametrize("character", CHARACTERS)
async def test_the_summary_is_the_beginning_of_the_text(posts: Posts, ada: Person, query: str, character: str) -> None:
    for state in ("published", "draft"):
        await posts.publish(ada.headers, body=character * 281, state=state)
    answer = await posts.http.get(f"/posts?limit=9{query.format(id=ada.id)}", headers=ada.headers)
    # A character of control is no text.
    summary = "" if character == "\x01" else character * 279 + "…"
    assert [item["summary"] for item in answer.json()["items"]] == [summary]


@pytest.mark.parametrize("character", CHARACTERS)
async def test_a_page_of_long_posts_is_short_and_leads_on_to_all_of_them(
    posts: Posts, databases: Databases, ada: Person, character: str
) -> None:
    await posts.publish(ada.headers)
    await databases.execute("posts_owner", FILL, character * 200, character * 100_000)
    seen: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query: dict[str, str] = {"limit": "100", **({"cursor": cursor} if cursor else {})}
        answer = await posts.http.get("/posts", params=query, timeout=PATIENCE_SECONDS)
        assert len(answer.content) <= MAX_PAGE_BYTES
        assert answer.json()["items"]
        seen += answer.json()["items"]
        cursor = answer.json()["next"]
        assert ("next" in answer.links) == (cursor is not None)
    assert len({item["id"] for item in seen}) == len(seen) == 101
