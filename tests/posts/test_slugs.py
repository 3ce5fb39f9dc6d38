"""The names of posts in URLs."""

import asyncio
import re
from datetime import timedelta

import pytest

from posts_service.slugs.slug import another_slug, fits, slug_of
from tests.posts.erasing import WAITING, erase_in
from tests.posts.people import Person
from tests.posts.test_tags import LOCK_TAGS
from tests.shared.tables import until_backends
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database

SLUGS = {
    "On  Engines!": "on-engines",
    "Über die Größe – 大きさ": "uber-die-grosse-dakisa",
    "  --- ": "post",
    "😀" * 200: "grinning-grinning-grinning-grinning-grinning-grinning",
    "x" * 200: "x" * 60,
    "a" * 58 + " word": "a" * 58,
    "0199a3c1-e5f0-7d6b-8000-000000000001": "post",
    "a\u0301\x01/../<b>": "a-b",
}
OF_POST = "SELECT slug FROM posts.slugs WHERE post_id = $1::text::uuid ORDER BY slug"


@pytest.mark.parametrize(("title", "slug"), SLUGS.items(), ids=range(len(SLUGS)))
def test_a_slug_is_the_title_in_ascii(title: str, slug: str) -> None:
    assert re.fullmatch("[a-z0-9-]{1,60}", slug_of(title))
    assert slug_of(title).startswith(slug) if "😀" in title else slug_of(title) == slug


@pytest.mark.parametrize("slug", ["on-engines", "x" * 60, "post", "a-" * 29 + "b"])
def test_another_slug_begins_like_the_one_that_is_taken(slug: str) -> None:
    another = another_slug(slug)
    assert another != slug
    assert len(another) <= 60
    assert fits(another, slug)
    assert fits(slug, slug)
    assert not fits(another, f"z-{slug}")


async def slugs_of(databases: Databases, post_id: str) -> list[str]:
    return [row["slug"] for row in await databases.fetch("posts_app", OF_POST, post_id)]


async def rename(posts: Posts, person: Person, post_id: str, title: str) -> str:
    answer = await posts.http.patch(f"/posts/{post_id}", json={"title": title}, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["slug"])


async def change_state(posts: Posts, person: Person, post_id: str, state: str) -> str:
    answer = await posts.http.patch(f"/posts/{post_id}", json={"state": state}, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["slug"])


async def test_fifty_posts_of_one_title_at_once_have_fifty_slugs(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    created = await asyncio.gather(*(posts.publish(ada.headers, title="One title", tags=["one"]) for _ in range(50)))
    slugs = {post["slug"] for post in created}
    assert len(slugs) == 50
    assert "one-title" in slugs
    assert all(fits(slug, "one-title") for slug in slugs)
    rows = await databases.fetch(
        "posts_app", "SELECT p.slug FROM posts.posts p JOIN posts.slugs s ON s.post_id = p.id AND s.slug = p.slug"
    )
    assert {row["slug"] for row in rows} == slugs


async def test_fifty_posts_that_get_one_title_at_once_have_fifty_slugs(posts: Posts, ada: Person) -> None:
    created = [await posts.publish(ada.headers, title=f"Title {n}") for n in range(50)]
    slugs = await asyncio.gather(*(rename(posts, ada, post["id"], "One title") for post in created))
    assert len(set(slugs)) == 50
    assert "one-title" in slugs


async def test_the_slug_of_a_draft_is_replaced_and_that_of_a_public_post_is_kept(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    draft = await posts.publish(ada.headers, title="First", state="draft")
    assert fits(slug := await rename(posts, ada, draft["id"], "Second"), "second")
    assert await slugs_of(databases, draft["id"]) == [slug]
    assert await change_state(posts, ada, draft["id"], "published") == "second"
    assert await rename(posts, ada, draft["id"], "Third") == "third"
    assert await slugs_of(databases, draft["id"]) == ["second", "third"]
    assert (await posts.publish(ada.headers, title="First"))["slug"] == "first"
    assert (await posts.publish(ada.headers, title="Second"))["slug"] != "second"


async def test_a_draft_that_was_public_keeps_its_slugs_and_betrays_no_other_title(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers, title="First")
    assert await change_state(posts, ada, post["id"], "draft") == "first"
    slug = await rename(posts, ada, post["id"], "A secret")
    assert slug != "a-secret"
    assert fits(slug, "a-secret")
    assert await slugs_of(databases, post["id"]) == sorted([slug, "first"])
    assert await rename(posts, ada, post["id"], "First") == "first"
    slug = await rename(posts, ada, post["id"], "A secret")
    guess = await posts.publish(stranger.headers, title="A secret")
    assert guess["slug"] == "a-secret"
    # The one that it has is as good as another.
    assert await change_state(posts, ada, post["id"], "published") == slug
    assert await change_state(posts, ada, post["id"], "draft") == slug
    await posts.http.delete(f"/posts/{guess['id']}", headers=stranger.headers)
    assert await change_state(posts, ada, post["id"], "published") == "a-secret"
    assert await change_state(posts, ada, post["id"], "draft") == "a-secret"


async def test_who_writes_a_post_of_the_same_title_learns_of_no_draft(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    at = (posts.parts.clock.now() + timedelta(days=1)).isoformat()
    named = {"title": "A secret", "state": "draft"}, {"title": "A secret", "published_at": at}
    drafts = [await posts.publish(ada.headers, **members) for members in named]
    drafts.append(await posts.publish(ada.headers, title="Another", state="draft"))
    assert await rename(posts, ada, drafts[2]["id"], "A secret") != "a-secret"
    guess = await posts.publish(stranger.headers, title="A secret")
    assert guess["slug"] == "a-secret"
    await posts.http.delete(f"/posts/{guess['id']}", headers=stranger.headers)
    url, change = f"/posts/{drafts[0]['id']}", {"state": "published"}
    assert (await posts.http.patch(url, json=change, headers=ada.headers)).json()["slug"] == "a-secret"
    assert await slugs_of(databases, drafts[0]["id"]) == ["a-secret"]


async def test_a_post_gets_its_former_slug_back_with_its_former_title(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await posts.publish(ada.headers, title="First")
    assert [await rename(posts, ada, post["id"], title) for title in ("Second", "First!")] == ["second", "first"]
    assert await slugs_of(databases, post["id"]) == ["first", "second"]
    await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)
    assert (await posts.publish(ada.headers, title="First"))["slug"] == "first"


@pytest.mark.parametrize("way", ["deletion", "erasure"])
async def test_a_slug_is_taken_while_the_post_that_has_it_is_deleted(
    posts: Posts, databases: Databases, other: Database, ada: Person, stranger: Person, way: str
) -> None:
    """Both change the count of one tag: neither waits for what the other holds."""
    post = await posts.publish(ada.headers, title="One title", tags=["one"])
    mine = await posts.publish(stranger.headers, title="Mine", tags=["one"])
    url, headers = f"/posts/{mine['id']}", stranger.headers
    async with other.begin() as db:
        await (await db.connection()).exec_driver_sql(LOCK_TAGS)
        deletion: asyncio.Future[object]
        if way == "deletion":
            deletion = asyncio.ensure_future(posts.http.delete(f"/posts/{post['id']}", headers=ada.headers))
        else:
            deletion = asyncio.ensure_future(erase_in(other, posts, ada))
        await until_backends(databases, 1, WAITING)
        change = {"title": "One title", "tags": []}
        taking = asyncio.create_task(posts.http.patch(url, json=change, headers=headers))
        await until_backends(databases, 2, WAITING)
    await deletion
    assert (await taking).json()["slug"] == "one-title"
    assert await slugs_of(databases, post["id"]) == []
