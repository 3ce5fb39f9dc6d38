"""No text takes PostgreSQL long to parse, neither when it is written nor when it is found."""

import pytest

from posts_service.posts.schemas import MAX_BODY_BYTES
from posts_service.search.terms import LONGEST_RUN
from tests.posts.people import Person
from tests.posts.test_search import search
from tests.support.databases import Databases
from tests.support.services import Posts

# Each once took seconds to minutes for a body of the greatest length.
COSTLY = ("1a@", "~/", "a-1-", "<!-- ")
COPIES = """
    WITH copied AS (
        INSERT INTO posts.posts (author_id, title, body, state, version, created_at, updated_at, published_at)
        SELECT author_id, title, body, state, version, created_at, updated_at, published_at
        FROM posts.posts, generate_series(1, 120) RETURNING id, published_at
    )
    INSERT INTO posts.post_terms SELECT copied.id, copied.published_at, terms FROM copied, posts.post_terms
"""


async def headlines(posts: Posts, q: str, limit: int = 20) -> list[str]:
    return [item["headline"] for item in (await search(posts, q, limit=limit))["items"]]


@pytest.mark.parametrize("pattern", COSTLY)
async def test_a_text_that_is_costly_to_parse_is_published_and_found(posts: Posts, ada: Person, pattern: str) -> None:
    body = f"engine {pattern * (MAX_BODY_BYTES // len(pattern))}"[: MAX_BODY_BYTES - 5] + " loom"
    await posts.publish(ada.headers, body=body)
    [headline] = await headlines(posts, "engine loom")
    assert headline.startswith("<mark>engine</mark>")


async def test_many_texts_that_are_costly_to_parse_can_be_found_at_once(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    await posts.publish(ada.headers, body=f"engine {'1a@' * 1_000}")
    await databases.execute("posts_app", COPIES)
    assert len(await headlines(posts, "engine", limit=100)) == 100


async def test_a_headline_shows_the_text_as_it_was_written(posts: Posts, ada: Person) -> None:
    run = "x" * (2 * LONGEST_RUN + 1)
    await posts.publish(ada.headers, body=f"if a<b and_c, the\x04 engine\x05 at https://example.com/a/b is {run}.")
    assert await headlines(posts, "engine") == [
        f"if a&lt;b and_c, the <mark>engine</mark> at https://example.com/a/b is {run}."
    ]


async def test_urls_numbers_and_compounds_are_found_as_they_are_written(posts: Posts, ada: Person) -> None:
    await posts.publish(ada.headers, body="A well-known number is 3.14 at https://example.com/a/b or <b>a<b</b>.")
    for q in ("example.com/a/b", "well-known", "3.14", "<b>", "a<b"):
        assert len(await headlines(posts, q)) == 1, q


async def test_the_words_of_a_long_run_are_found(posts: Posts, ada: Person) -> None:
    await posts.publish(ada.headers, body=f"{'-'.join(['loom'] * 40)} engine")
    assert len(await headlines(posts, "loom")) == 1
    assert len(await headlines(posts, "engine")) == 1
