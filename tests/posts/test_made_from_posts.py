"""What is made from a post is written with it: its HTML, its summary, the words by which it is searched."""

from typing import Any, get_args

import pytest

from posts_service.rendering.version import RENDERER_VERSION
from posts_service.settings import Language, Settings
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts

BODY = "# A heading\n\nSome *engines* think.\n"
MADE = "SELECT version, derived_version, renderer, has_own_summary, editor_id::text FROM posts.posts"
SEARCH = "SELECT post_id::text FROM posts.post_terms WHERE terms @@ websearch_to_tsquery('english', $1)"
# As the release before this one does: it knows neither what is made nor that it belongs to a version.
OLD_EDIT = "UPDATE posts.posts SET body = $2, version = version + 1, updated_at = now() WHERE id = $1::text::uuid"
OLD_UNPUBLISH = "UPDATE posts.posts SET state = 'draft', version = version + 1 WHERE id = $1::text::uuid"
OLD_INSERT = """
    INSERT INTO posts.posts (author_id, title, body, state, version, created_at, updated_at, published_at)
    VALUES ($1::text::uuid, 'Engines', $2, 'published', 1, now(), now(), now()) RETURNING id::text
"""


async def change(posts: Posts, person: Person, post: dict[str, Any], **members: Any) -> dict[str, Any]:
    url = f"/posts/{post['id']}?reason=Spelling"
    answer = await posts.http.patch(url, json=members, headers=person.headers)
    assert answer.status_code == 200, answer.text
    read = await posts.http.get(f"/posts/{post['id']}", headers=person.headers)
    assert read.json() == answer.json()
    return dict(answer.json())


async def test_a_body_is_rendered_when_it_is_written(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers, body=BODY)
    assert "<p>Some <em>engines</em> think.</p>" in post["html"]
    assert (await change(posts, ada, post, title="Another"))["html"] == post["html"]
    changed = await change(posts, ada, post, body="<script>alert(1)</script>")
    assert "<script" not in changed["html"]
    [row] = await databases.fetch("posts_app", MADE)
    assert tuple(row) == (3, 3, RENDERER_VERSION, False, None)


async def test_a_summary_is_the_authors_or_the_beginning_of_the_body(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, body=BODY)
    assert post["summary"] == "Some engines think."
    own = await change(posts, ada, post, summary=" Mine ")
    assert own["summary"] == "Mine"
    assert (await change(posts, ada, post, body="Another body"))["summary"] == "Mine"
    assert (await change(posts, ada, post, summary=None))["summary"] == "Another body"
    again = await change(posts, ada, post, summary=None)
    assert again["version"] == 4
    assert (await change(posts, ada, post, body="A third"))["summary"] == "A third"
    assert (await change(posts, ada, post, summary="A third", body="x"))["summary"] == "A third"
    assert (await posts.publish(ada.headers, summary="Own", body=BODY))["summary"] == "Own"


async def matches(databases: Databases, query: str) -> set[str]:
    return {row["post_id"] for row in await databases.fetch("posts_app", SEARCH, query)}


async def test_a_published_post_has_the_words_of_its_texts(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers, title="Looms", body="Weaving *patterns*", tags=["silk"])
    await posts.publish(ada.headers, title="Looms", body="Hidden", state="draft")
    for query in ("loom", "pattern weave", "silk"):
        assert await matches(databases, query) == {post["id"]}
    await change(posts, ada, post, body="Another", summary="Abstracts", tags=["cotton"])
    assert await matches(databases, "pattern or silk") == set()
    assert await matches(databases, "another abstract cotton") == {post["id"]}
    await change(posts, ada, post, state="draft")
    assert await matches(databases, "loom") == set()
    await change(posts, ada, post, state="published")
    assert await matches(databases, "loom") == {post["id"]}


@pytest.mark.parametrize("body", ["a-" * 32_768, "x" * 65_536, "a1 " * 21_845, "😀" * 16_384, "http://a/b?" * 5_957])
async def test_a_text_whose_words_are_strange_is_taken(posts: Posts, ada: Person, body: str) -> None:
    post = await posts.publish(ada.headers, body=body)
    assert (await change(posts, ada, post, title="\x01\U0010ffff"))["slug"] == "post"


async def test_a_moderators_edit_says_who_made_it_until_the_author_edits(
    posts: Posts, databases: Databases, ada: Person, moderator: Person
) -> None:
    post = await posts.publish(ada.headers)
    for person, editor_id in ((moderator, moderator.id), (ada, None)):
        await change(posts, person, post, title=f"By {person.username}")
        [row] = await databases.fetch("posts_app", MADE)
        assert row["editor_id"] == editor_id


async def test_a_change_after_one_of_the_previous_release_makes_everything_of_the_present_text(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await posts.publish(ada.headers, body="*First*", title="Engines", tags=["silk"])
    await databases.execute("posts_app", OLD_EDIT, post["id"], "*Second*")
    read = (await posts.http.get(f"/posts/{post['id']}")).json()
    assert (read["html"], read["summary"]) == ("<p>*Second*</p>", "*Second*")
    renamed = await change(posts, ada, post, title="Looms")
    assert (renamed["html"], renamed["slug"], renamed["summary"]) == ("<p>*Second*</p>", "looms", "*Second*")
    assert await matches(databases, "second loom silk") == {post["id"]}
    assert (await change(posts, ada, post, body="*Third*"))["html"] == "<p><em>Third</em></p>"
    await databases.execute("posts_app", OLD_UNPUBLISH, post["id"])
    await change(posts, ada, post, title="Hidden")
    assert await matches(databases, "third or hidden") == set()
    assert [row["posts"] for row in await databases.fetch("posts_app", "SELECT posts FROM posts.tags")] == [0]


async def test_a_post_of_the_previous_release_goes_by_its_id_until_it_is_changed(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    await posts.publish(ada.headers, title="Engines")
    [row] = await databases.fetch("posts_app", OLD_INSERT, ada.id, "*Old*")
    old = (await posts.http.get(f"/posts/{row['id']}")).json()
    assert (old["slug"], old["html"]) == (row["id"], "<p>*Old*</p>")
    changed = await change(posts, ada, old, body="*New*", tags=["silk"])
    assert changed["slug"].startswith("engines-")
    assert changed["html"] == "<p><em>New</em></p>"
    assert await matches(databases, "engines new silk") == {row["id"]}


async def test_every_language_of_the_setting_is_one_of_postgresql(databases: Databases) -> None:
    rows = await databases.fetch(
        "posts_app", "SELECT cfgname FROM pg_ts_config WHERE cfgnamespace = 'pg_catalog'::regnamespace"
    )
    assert {row["cfgname"] for row in rows} == set(get_args(Language))
    assert Settings.model_fields["search_language"].default == "english"
