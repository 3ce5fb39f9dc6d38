"""The pages of comments: their order, their cursors, their length."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from posts_service.comments.cursor import Cursor
from tests.posts.commenting import comment, comments_of, remove
from tests.posts.people import Person
from tests.support.services import Posts
from watchword.http.keyset import InvalidCursor
from watchword.http.paging import MAX_PAGE_BYTES


async def pages(posts: Posts, post_id: str, limit: int) -> list[list[dict[str, Any]]]:
    """Every page, by the links of their answers."""
    url, collected = f"/posts/{post_id}/comments?limit={limit}", []
    while url:
        answer = await posts.http.get(url)
        assert answer.status_code == 200, answer.text
        collected.append(answer.json()["items"])
        url = answer.links["next"]["url"] if "next" in answer.links else ""
        assert (answer.json()["next"] is None) == (url == "")
    return collected


async def test_pages_go_thread_by_thread_each_comment_before_its_answers(
    posts: Posts, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    first, second = [await comment(posts, stranger, post["id"], text) for text in ("1", "2")]
    for text, parent in (("2a", second), ("1a", first), ("1b", first), ("2b", second)):
        await comment(posts, ada, post["id"], text, parent["id"])
    await comment(posts, stranger, post["id"], "3")
    await remove(posts, stranger, second["id"])
    order = ["1", "1a", "1b", None, "2a", "2b", "3"]
    for limit in (1, 2, 3, 6, 7, 100):
        collected = await pages(posts, post["id"], limit)
        assert [item["body"] for page in collected for item in page] == order
        assert max(map(len, collected)) == min(limit, 7)


async def test_a_page_stays_consistent_while_comments_come_and_go(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    written = [await comment(posts, ada, post["id"], str(number)) for number in range(4)]
    begin = (await posts.http.get(f"/posts/{post['id']}/comments?limit=2")).json()
    await remove(posts, ada, written[1]["id"])
    await comment(posts, ada, post["id"], "0a", written[0]["id"])
    following = await comments_of(posts, post["id"], cursor=begin["next"])
    assert [item["body"] for item in following] == ["2", "3"]


async def test_a_cursor_is_of_one_list_and_one_post(posts: Posts, ada: Person) -> None:
    post, other = await posts.publish(ada.headers), await posts.publish(ada.headers)
    for _ in range(2):
        await comment(posts, ada, post["id"])
    cursor = (await posts.http.get(f"/posts/{post['id']}/comments?limit=1")).json()["next"]
    of_posts = (await posts.http.get("/posts?limit=1")).json()["next"]
    assert len(cursor) <= 64
    for url in (
        f"/posts/{other['id']}/comments?cursor={cursor}",
        f"/posts/{post['id']}/comments?cursor={of_posts}",
        f"/posts/{post['id']}/comments?cursor={cursor[:-4]}",
        f"/posts/{post['id']}/comments?cursor=%00é",
        f"/posts/{post['id']}/comments?cursor=",
    ):
        answer = await posts.http.get(url)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "invalid_cursor"), url


def test_a_cursor_reads_as_it_was_written() -> None:
    post_id, cursor = uuid4(), Cursor(UUID(int=2**128 - 1), 1, uuid4())
    assert Cursor.parse(cursor.text_for(post_id), post_id) == cursor
    with pytest.raises(InvalidCursor):
        Cursor.parse(cursor.text_for(post_id), uuid4())


async def test_a_page_that_would_be_long_has_fewer_comments(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    for _ in range(9):
        await comment(posts, ada, post["id"], "\N{SNOWMAN}" * 5_000)
    url = f"/posts/{post['id']}/comments?limit=100"
    answer = await posts.http.get(url)
    assert len(answer.content) <= MAX_PAGE_BYTES
    assert len(answer.json()["items"]) < 9
    assert sum(map(len, await pages(posts, post["id"], 100))) == 9


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=1_0", "limit=%2B5", "limit=x"])
async def test_a_length_that_is_none_is_refused(posts: Posts, ada: Person, query: str) -> None:
    post = await posts.publish(ada.headers)
    assert (await posts.http.get(f"/posts/{post['id']}/comments?{query}")).status_code == 422
