"""Posts are read by their slugs, and former slugs lead to the present ones."""

import pytest

from tests.posts.people import Person
from tests.posts.test_made_from_posts import OLD_INSERT
from tests.support.databases import Databases
from tests.support.services import Posts


async def rename(posts: Posts, person: Person, post_id: str, title: str) -> None:
    answer = await posts.http.patch(f"/posts/{post_id}", json={"title": title}, headers=person.headers)
    assert answer.status_code == 200, answer.text


async def test_a_post_is_read_by_its_slug_as_by_its_id(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, title="First")
    by_id = await posts.http.get(f"/posts/{post['id']}")
    by_slug = await posts.http.get("/posts/by-slug/first")
    assert (by_slug.status_code, by_slug.content) == (200, by_id.content)
    assert by_slug.headers["etag"] == by_id.headers["etag"]
    again = await posts.http.get("/posts/by-slug/first", headers={"If-None-Match": by_slug.headers["etag"]})
    assert again.status_code == 304


async def test_a_former_slug_leads_to_the_present_one_and_can_come_back(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, title="First")
    await rename(posts, ada, post["id"], "Second")
    answer = await posts.http.get("/posts/by-slug/first")
    assert (answer.status_code, answer.headers["location"]) == (301, "/posts/by-slug/second")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert (await posts.http.get("/posts/by-slug/first", follow_redirects=True)).json()["id"] == post["id"]
    await rename(posts, ada, post["id"], "First")
    assert (await posts.http.get("/posts/by-slug/first")).status_code == 200
    assert (await posts.http.get("/posts/by-slug/second")).headers["location"] == "/posts/by-slug/first"


async def test_a_slug_tells_nobody_of_a_post_that_they_may_not_see(posts: Posts, ada: Person, stranger: Person) -> None:
    post = await posts.publish(ada.headers, title="First")
    await rename(posts, ada, post["id"], "Second")
    await posts.http.patch(f"/posts/{post['id']}", json={"state": "draft"}, headers=ada.headers)
    for slug in ("first", "second"):
        for headers in ({}, stranger.headers):
            answer = await posts.http.get(f"/posts/by-slug/{slug}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "post_not_found")
    assert (await posts.http.get("/posts/by-slug/second", headers=ada.headers)).status_code == 200
    await posts.http.delete(f"/posts/{post['id']}", headers=ada.headers)
    assert (await posts.http.get("/posts/by-slug/first", headers=ada.headers)).status_code == 404


@pytest.mark.parametrize("slug", ["%00", "First", "x" * 61, "%ed%a0%80", "a%2fb", "-%0a"])
async def test_what_cannot_be_a_slug_is_refused(posts: Posts, slug: str) -> None:
    assert (await posts.http.get(f"/posts/by-slug/{slug}")).status_code in (404, 422)


async def test_a_post_of_the_previous_release_is_read_by_its_id_as_a_slug(
    posts: Posts, databases: Databases, ada: Person
) -> None:
    post = await posts.publish(ada.headers)
    [row] = await databases.fetch("posts_app", OLD_INSERT, ada.id, "Old")
    assert (await posts.http.get(f"/posts/by-slug/{row['id']}")).json()["id"] == row["id"]
    assert (await posts.http.get(f"/posts/by-slug/{post['id']}")).status_code == 404
