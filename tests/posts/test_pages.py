"""From page to page: every post once, whatever happens in between."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.posts.people import Person
from tests.support.services import Posts
from watchword.testing import StandingClock

MOST_PAGES = 50
# A list, an instant and an id, as this service writes them.
OURS = "rSg1UxUABiqZLuDAAAGUG9uoAHqqu8zd3u___wA="


async def pages_by_next(posts: Posts, headers: dict[str, str], query: str) -> AsyncIterator[list[str]]:
    following = ""
    for _ in range(MOST_PAGES):
        page = (await posts.http.get(f"/posts?{query}{following}", headers=headers)).json()
        yield [item["id"] for item in page["items"]]
        if page["next"] is None:
            return
        following = f"&cursor={page['next']}"
    pytest.fail("the pages do not end")


async def pages_by_link(posts: Posts, headers: dict[str, str], query: str) -> AsyncIterator[list[str]]:
    url = f"/posts?{query}"
    for _ in range(MOST_PAGES):
        answer = await posts.http.get(url, headers=headers)
        yield [item["id"] for item in answer.json()["items"]]
        if "next" not in answer.links:
            return
        url = answer.links["next"]["url"]
    pytest.fail("the pages do not end")


async def visited(posts: Posts, headers: dict[str, str], query: str) -> list[str]:
    return [post_id async for page in pages_by_link(posts, headers, query) for post_id in page]


@pytest.mark.parametrize("pages", [pages_by_next, pages_by_link])
@pytest.mark.parametrize("state", ["published", "draft"])
async def test_every_post_is_visited_once_while_others_come_and_go(
    posts_at: Posts, clock: StandingClock, ada: Person, pages: Any, state: str
) -> None:
    ids = []
    for _ in range(12):
        ids.append((await posts_at.publish(ada.headers, state=state))["id"])
        clock.advance(seconds=1)
    staying, seen, doomed = set(ids[::2]), list[str](), ids[1::2]
    async for page in pages(posts_at, ada.headers, f"limit=2&state={state}"):
        seen += page
        await posts_at.publish(ada.headers, state=state)
        # The last of this page, which the cursor names, and one that is still to come.
        for gone in {*page[-1:], *doomed[:1]} - staying:
            await posts_at.http.delete(f"/posts/{gone}", headers=ada.headers)
        del doomed[:1]
        clock.advance(seconds=1)
    assert len(seen) == len(set(seen))
    assert [post_id for post_id in seen if post_id in staying] == ids[::2][::-1]
    assert set(seen) <= set(ids)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("query", ["", "author", "state=draft"])
async def test_posts_of_the_same_instant_are_neither_lost_nor_doubled(
    posts_at: Posts, ada: Person, limit: int, query: str
) -> None:
    state = "draft" if "draft" in query else "published"
    ids = [(await posts_at.publish(ada.headers, state=state))["id"] for _ in range(7)]
    query = query.replace("author", f"author={ada.id}")
    seen = await visited(posts_at, ada.headers, f"limit={limit}&{query}")
    assert (len(seen), set(seen)) == (7, set(ids))


async def test_drafts_that_were_published_once_keep_their_place(
    posts_at: Posts, clock: StandingClock, ada: Person
) -> None:
    ids = []
    for _ in range(4):
        ids.append((await posts_at.publish(ada.headers, state="draft"))["id"])
        clock.advance(hours=1)
    for post_id in ids[::2]:
        for state in ("published", "draft"):
            await posts_at.http.patch(f"/posts/{post_id}", json={"state": state}, headers=ada.headers)
    assert await visited(posts_at, ada.headers, "limit=1&state=draft") == ids[::-1]


@pytest.mark.parametrize("count", [3, 4])
async def test_only_the_last_page_has_no_next(posts: Posts, ada: Person, count: int) -> None:
    for _ in range(count):
        await posts.publish(ada.headers)
    sizes = [len(page) async for page in pages_by_next(posts, {}, "limit=2")]
    assert sizes == [2, count - 2]


async def test_the_link_keeps_the_query_and_escapes_it(posts: Posts, ada: Person) -> None:
    for _ in range(3):
        await posts.publish(ada.headers)
    odd = '>; rel="prev", <https://evil.example/ä😀&x=\r\n'
    query = {"author": ada.id, "limit": "1", "state": "published", "odd": odd}
    first = await posts.http.get("/posts", params=query)
    second = await posts.http.get(first.links["next"]["url"])
    for answer in (first, second):
        assert answer.headers.get_list("link", split_commas=True) == [answer.headers["link"]]
        url = urlsplit(answer.links["next"]["url"])
        assert (url.scheme, url.netloc, url.path) == ("", "", "/posts")
        expected = {name: [value] for name, value in query.items()}
        assert parse_qs(url.query, strict_parsing=True) == {**expected, "cursor": [answer.json()["next"]]}


def packed(microseconds: int) -> str:
    """A cursor of the newest posts."""
    return urlsafe_b64encode(urlsafe_b64decode(OURS)[:5] + microseconds.to_bytes(8, signed=True) + bytes(16)).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "next",
        "../../etc/passwd",
        OURS[:-1],
        OURS[:-4],
        OURS + "AAAA",
        OURS + "=",
        OURS[:8] + "!" + OURS[8:],
        OURS[:8] + "\n" + OURS[8:],
        OURS[:8] + "\x00" + OURS[8:],
        " " + OURS,
        OURS[:8] + "ä" + OURS[8:],
        "😀" * 32,
        "\x00",
        packed(2**63 - 1),
        packed(-(2**63)),
        packed(253_402_300_800_000_000),
        "A" * 64,
        "A" * 65,
        "A" * 10_000,
        urlsafe_b64decode(OURS).hex(),
    ],
)
async def test_a_cursor_that_is_not_ours_is_refused(posts: Posts, cursor: str) -> None:
    answer = await posts.http.get("/posts", params={"cursor": cursor})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/query/cursor"]


@pytest.mark.parametrize("other", [OURS.replace("_", "/"), OURS.lower(), OURS + "A==="])
async def test_a_cursor_is_written_in_one_way_only(posts: Posts, other: str) -> None:
    assert (await posts.http.get("/posts", params={"cursor": OURS})).status_code == 200
    assert (await posts.http.get("/posts", params={"cursor": other})).status_code == 422


@pytest.mark.parametrize("microseconds", [-62_135_596_800_000_000, -1, 0, 253_402_300_799_999_999])
async def test_a_cursor_of_any_instant_there_is_gives_a_page(posts: Posts, ada: Person, microseconds: int) -> None:
    await posts.publish(ada.headers)
    answer = await posts.http.get("/posts", params={"cursor": packed(microseconds)})
    assert answer.status_code == 200
