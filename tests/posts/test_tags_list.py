"""The list of tags, and the lists of posts by tag."""

from typing import Any

import pytest

from tests.posts.people import Person
from tests.support.services import Posts
from watchword.http.keyset import cursor_of


async def tags(posts: Posts, **query: Any) -> list[tuple[str, int]]:
    answer = await posts.http.get("/tags", params=query)
    assert answer.status_code == 200, answer.text
    return [(item["name"], item["posts"]) for item in answer.json()["items"]]


async def test_tags_of_most_posts_come_first_and_then_in_the_order_of_names(posts: Posts, ada: Person) -> None:
    assert await tags(posts) == []
    await posts.publish(ada.headers, tags=["bee", "cat", "dog"])
    await posts.publish(ada.headers, tags=["ant", "cat"])
    assert await tags(posts) == [("cat", 2), ("ant", 1), ("bee", 1), ("dog", 1)]


async def test_tags_that_no_published_post_has_are_left_out(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, tags=["ant"])
    await posts.publish(ada.headers, tags=["bee"], state="draft")
    assert await tags(posts) == [("ant", 1)]
    await posts.http.patch(f"/posts/{post['id']}", json={"tags": []}, headers=ada.headers)
    assert await tags(posts) == []


async def test_pages_of_tags_follow_each_other_by_their_links(posts: Posts, ada: Person) -> None:
    await posts.publish(ada.headers, tags=["bee", "cat", "dog", "हिन्दी"])
    await posts.publish(ada.headers, tags=["ant", "cat"])
    expected, pages, url = await tags(posts), [], "/tags?limit=2"
    while url:
        answer = await posts.http.get(url)
        pages.append([(item["name"], item["posts"]) for item in answer.json()["items"]])
        assert (answer.json()["next"] is None) == ("link" not in answer.headers)
        url = answer.links["next"]["url"] if answer.links else ""
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [tag for page in pages for tag in page] == expected


@pytest.mark.parametrize(
    "key",
    [b"", b"\0\0\0", b"\0\0\0\1", b"\0\0\0\0ant", b"\xff\xff\xff\xffant", b"\0\0\0\1\xff", b"\0\0\0\1a\0"],
    ids=range(7),
)
async def test_a_cursor_that_names_no_place_is_refused(posts: Posts, key: bytes) -> None:
    for cursor in (cursor_of("tags", key), cursor_of("others", b"\0\0\0\1ant"), "x"):
        answer = await posts.http.get("/tags", params={"cursor": cursor})
        assert answer.status_code == 422
        assert [error["code"] for error in answer.json()["errors"]] == ["invalid_cursor"]


async def test_posts_are_listed_by_a_tag_however_it_is_written(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, tags=["Machine Learning"])
    await posts.publish(ada.headers, tags=["machine"])
    for tag in ("machine-learning", "Machine Learning", " MACHINE__learning "):
        answer = await posts.http.get("/posts", params={"tag": tag})
        assert [item["id"] for item in answer.json()["items"]] == [post["id"]]


@pytest.mark.parametrize("tag", ["", "-", "a,b", "x" * 33, "x" * 129, "a\x00", "a\u202eb"], ids=range(7))
async def test_no_posts_are_listed_by_what_can_be_no_tag(posts: Posts, tag: str) -> None:
    answer = await posts.http.get("/posts", params={"tag": tag})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/query/tag"]
