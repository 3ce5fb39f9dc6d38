"""The tags of posts, and how many published posts have each."""

import asyncio
from typing import Any

import pytest

from posts_service.tags.tag import InvalidTag, normalized
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts

ALIKE = {
    "Machine  Learning": "machine-learning",
    "machine_learning": "machine-learning",
    " -C++- ": "c++",
    "C#": "c#",
    "Node.JS": "node.js",
    "Straße": "strasse",
    "ｆｕｌｌ": "full",
    "हिन्दी": "हिन्दी",
    "x" * 32: "x" * 32,
}
NO_TAGS = [
    "",
    " ",
    "-",
    "+#.",
    "x" * 33,
    "a,b",
    "a/b",
    "<b>",
    "😀",
    "a\x00",
    "a\u202eb",
    "a\u200bb",
    "\u0301",
    "\ufdfa" * 3,
]
COUNTS = "SELECT name, posts FROM posts.tags WHERE posts <> 0 ORDER BY name"
ROWS = "SELECT tag AS name, count(*) AS posts FROM posts.post_tags GROUP BY tag ORDER BY tag"
LOCK_TAGS = "SELECT FROM posts.tags FOR UPDATE"
SHOWN = """
    SELECT tag AS name, count(*) AS posts FROM posts.posts, unnest(tags) tag WHERE state = 'published'
    GROUP BY tag ORDER BY tag
"""


@pytest.mark.parametrize(("text", "tag"), ALIKE.items(), ids=range(len(ALIKE)))
def test_a_tag_has_one_way_of_writing_it(text: str, tag: str) -> None:
    assert normalized(text) == normalized(tag) == tag


@pytest.mark.parametrize("text", NO_TAGS, ids=range(len(NO_TAGS)))
def test_a_tag_is_letters_and_digits_and_few_marks(text: str) -> None:
    with pytest.raises(InvalidTag):
        normalized(text)


async def counts(databases: Databases) -> dict[str, int]:
    """How many posts have each tag, which the rows of posts and of their tags say too."""
    counted, rows, shown = [
        {row["name"]: row["posts"] for row in await databases.fetch("posts_app", sql)} for sql in (COUNTS, ROWS, SHOWN)
    ]
    assert counted == rows == shown
    return counted


async def change(posts: Posts, person: Person, post: dict[str, Any], **members: Any) -> dict[str, Any]:
    answer = await posts.http.patch(f"/posts/{post['id']}", json=members, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_tags_keep_their_order_and_count_once(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers, tags=["Zebra", "ant", "zebra ", "C++"])
    assert post["tags"] == ["zebra", "ant", "c++"]
    assert await counts(databases) == {"ant": 1, "c++": 1, "zebra": 1}
    assert (await change(posts, ada, post, tags=["zebra", "ant", "C++"]))["version"] == 1
    assert (await change(posts, ada, post, tags=["ant", "zebra"]))["tags"] == ["ant", "zebra"]
    assert await counts(databases) == {"ant": 1, "zebra": 1}
    assert (await change(posts, ada, post, tags=[]))["tags"] == []
    assert await counts(databases) == {}


async def test_only_published_posts_count(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers, tags=["ant"], state="draft")
    assert (post["tags"], await counts(databases)) == (["ant"], {})
    await change(posts, ada, post, state="published", tags=["ant", "bee"])
    assert await counts(databases) == {"ant": 1, "bee": 1}
    await change(posts, ada, post, state="draft")
    assert await counts(databases) == {}
    await change(posts, ada, post, state="published")
    await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)
    assert await counts(databases) == {}


@pytest.mark.parametrize("tags", [["<b>"], ["x" * 129], ["a"] * 11, "a", [1], [None], None, {"a": 1}], ids=range(8))
async def test_what_cannot_be_a_tag_is_refused_by_its_place(posts: Posts, ada: Person, tags: Any) -> None:
    answer = await posts.http.post("/posts", json={"title": "T", "body": "", "tags": tags}, headers=ada.headers)
    assert answer.status_code == 422
    assert all(error["pointer"].startswith("/body/tags") for error in answer.json()["errors"])


async def test_counts_are_right_after_a_hundred_changes_at_once(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    names = [f"tag{n}" for n in range(8)]
    writers = [ada, stranger]
    own_posts = [(person, await posts.publish(person.headers, tags=names)) for person in writers for _ in range(5)]
    changes = [
        change(posts, person, post, tags=[names[(n * step) % 8] for n in range(4)][:: -1 if step % 2 else 1])
        for step in range(1, 5)
        for person, post in own_posts
    ]
    created = [
        posts.publish(writers[n % 2].headers, tags=names[n % 8 :] + names[: n % 8], title="One") for n in range(40)
    ]
    deleted = [posts.http.delete(f"/posts/{post['id']}", headers=person.headers) for person, post in own_posts[:2]]
    answers = await asyncio.gather(*changes, *created, *deleted, return_exceptions=True)
    # A change of a post that is deleted meanwhile is refused.
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(failure, AssertionError) and "post_not_found" in str(failure) for failure in failures)
    assert len(failures) <= 8
    assert min((await counts(databases)).values()) >= 40


async def test_a_tag_that_no_post_has_is_deleted_by_the_clean_up_and_can_come_back(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post, other = [await posts.publish(ada.headers, tags=tags) for tags in (["rare", "common"], ["common"])]
    await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)
    deleted = await posts.parts.cleanup.delete_expired(posts.parts.clock.now())
    assert deleted.rows["unused_tags"] == 1
    names = await databases.fetch("posts_app", "SELECT name FROM posts.tags")
    assert [row["name"] for row in names] == ["common"]
    await change(posts, ada, other, tags=["rare"])
    assert await counts(databases) == {"rare": 1}
