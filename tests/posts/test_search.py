"""Which posts a search gives, in which order, and what it shows of each."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from posts_service.posts import search_statements as statements
from posts_service.posts.searching import AT_ONCE, MOST_WAITING, headline_as_html
from tests.posts.people import Person
from tests.support.databases import Databases, connected
from tests.support.services import Posts
from tests.support.waiting import until

FILL = """
    WITH filled AS (
        INSERT INTO posts.posts (author_id, title, body, state, version, created_at, updated_at, published_at)
        SELECT $1::text::uuid, 'Title', 'engine ' || n, 'published', 1, now(), now(), now() - n * interval '1 s'
        FROM generate_series(1, 1100) n RETURNING id, published_at, body
    )
    INSERT INTO posts.post_terms SELECT id, published_at, to_tsvector('english', body) FROM filled
"""


async def search(posts: Posts, q: str, headers: dict[str, str] | None = None, **query: str | int) -> dict[str, Any]:
    answer = await posts.http.get("/posts", params={"q": q, **query}, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def titles(posts: Posts, q: str) -> list[str]:
    return [item["title"] for item in (await search(posts, q))["items"]]


async def test_a_word_in_the_title_counts_more_than_in_the_text(posts: Posts, ada: Person) -> None:
    await posts.publish(ada.headers, title="Looms", body="They are older than an engine.")
    await posts.publish(ada.headers, title="Engines", body="Of all kinds.")
    await posts.publish(ada.headers, title="Trees", body="They grow.")
    assert await titles(posts, "engine") == ["Engines", "Looms"]
    assert await titles(posts, "engine -loom") == ["Engines"]
    assert await titles(posts, '"older than an engine"') == ["Looms"]


async def test_only_published_posts_are_searched_and_an_edit_is_seen_at_once(posts: Posts, ada: Person) -> None:
    draft = await posts.publish(ada.headers, title="Engine", state="draft")
    post = await posts.publish(ada.headers, title="Engine")
    assert [item["id"] for item in (await search(posts, "engine", ada.headers))["items"]] == [post["id"]]
    await posts.http.patch(f"/posts/{post['id']}", json={"title": "Loom"}, headers=ada.headers)
    await posts.http.patch(f"/posts/{draft['id']}", json={"state": "published"}, headers=ada.headers)
    assert [item["id"] for item in (await search(posts, "engine"))["items"]] == [draft["id"]]


async def test_words_of_a_post_that_the_previous_release_made_a_draft_do_not_show_it(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await posts.publish(ada.headers, title="Engine")
    await databases.execute("posts_app", "UPDATE posts.posts SET state = 'draft' WHERE id::text = $1", post["id"])
    assert (await search(posts, "engine"))["items"] == []


async def test_a_headline_is_safe_html_with_marks(posts: Posts, ada: Person) -> None:
    body = 'An <script>alert("1")</script> engine & <mark>a \x02loom\x03 & <b onclick=x>engine</b>'
    await posts.publish(ada.headers, body=body)
    [item] = (await search(posts, "engine", ada.headers))["items"]
    assert item["liked"] is False
    headline = item["headline"]
    assert headline.count("<mark>engine</mark>") == 2
    assert "<" not in headline.replace("<mark>engine</mark>", "")
    assert headline_as_html("\x02a\x03 <i> \"'") == "<mark>a</mark> &lt;i&gt; &quot;&#x27;"


async def test_pages_of_a_ranking_have_every_match_once_and_end_with_the_newest_thousand(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await posts.publish(ada.headers, title="Engine")
    await databases.execute("posts_app", FILL, ada.id)
    shown: list[str] = []
    cursor: dict[str, str | int] = {}
    while True:
        page = await search(posts, "engine", None, limit=100, **cursor)
        shown += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
        await posts.publish(ada.headers, title="Something else")
    assert shown[0] == post["id"]
    assert (len(shown), len(set(shown))) == (statements.MATCHES, statements.MATCHES)
    for other in ("engines", "loom"):
        answer = await posts.http.get("/posts", params={"q": other, **cursor})
        assert answer.json()["errors"][0]["code"] == "invalid_cursor"


async def test_rare_matches_that_are_old_are_reached_by_the_index_of_words(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    await posts.publish(ada.headers)
    await databases.execute("posts_app", FILL, ada.id)
    page = await search(posts, "1099 engine")
    assert [item["headline"] for item in page["items"]] == ["<mark>engine</mark> <mark>1099</mark>"]


@pytest.mark.parametrize("q", ["", " ", "the", "the of and", "-", '"', "&|!()<->:*'\\", "😀", "\x01"])
async def test_a_search_without_words_is_an_empty_page(posts: Posts, ada: Person, q: str) -> None:
    await posts.publish(ada.headers)
    assert await search(posts, q) == {"items": [], "next": None}


@pytest.mark.parametrize("q", ["x" * 201, "x" * 10_240, "a\x00b"])
async def test_what_cannot_be_searched_is_refused_by_name(posts: Posts, q: str) -> None:
    answer = await posts.http.get("/posts", params={"q": q})
    assert answer.status_code == 422
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == ["/query/q"]


@pytest.mark.parametrize("query", ["author={id}", "tag=x", "sort=oldest", "state=draft"])
async def test_a_search_combines_with_no_filter(posts: Posts, ada: Person, query: str) -> None:
    answer = await posts.http.get(f"/posts?q=x&{query.format(id=ada.id)}", headers=ada.headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unsupported_combination")


async def test_a_search_that_takes_too_long_is_refused_and_the_next_one_works(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    await posts.publish(ada.headers, title="Engine")
    async with connected(databases.url("posts_owner")) as locking, locking.transaction():
        await locking.execute("LOCK TABLE posts.post_terms")
        answer = await posts.http.get("/posts", params={"q": "engine"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "search_too_costly")
    assert await titles(posts, "engine") == ["Engine"]


async def test_searches_beyond_those_that_may_wait_are_refused_and_the_others_are_answered(
    posts: Posts, ada: Person
) -> None:
    await posts.publish(ada.headers, title="Engine")
    turns = posts.parts.post_search.turns
    async with AsyncExitStack() as stack:
        for _ in range(AT_ONCE):
            await stack.enter_async_context(turns.turn("somebody"))
        waiting = [asyncio.create_task(search(posts, "engine")) for _ in range(MOST_WAITING)]
        await until(lambda: len(turns) == MOST_WAITING)
        refused = await posts.http.get("/posts", params={"q": "engine"})
        assert (refused.status_code, refused.json()["code"]) == (503, "search_busy")
        assert refused.headers["retry-after"] == "2"
        assert (await posts.http.get("/posts")).status_code == 200
    assert [len(page["items"]) for page in await asyncio.gather(*waiting)] == [1] * MOST_WAITING
