"""Likes: who may give one, what they count, and what they leave alone."""

from uuid import uuid4

import pytest

from tests.posts.people import WRITE, Person
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.testing import Issuer
from watchword.testing.issuer import ABSENT

VERSION = "SELECT version, updated_at, likes FROM posts.posts"


async def ask(posts: Posts, method: str, post_id: object, headers: dict[str, str]) -> tuple[int, dict[str, object]]:
    answer = await posts.http.request(method, f"/posts/{post_id}/like", headers=headers)
    return answer.status_code, answer.json()


async def rows(databases: Databases) -> int:
    [row] = await databases.fetch("posts_app", "SELECT count(*) AS number FROM posts.likes")
    return int(row["number"])


async def test_a_like_counts_once_however_often_it_is_given_and_taken_back(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    for person, count in ((stranger, 1), (stranger, 1), (ada, 2)):
        assert await ask(posts, "PUT", post["id"], person.headers) == (200, {"likes": count, "liked": True})
    for person, count in ((stranger, 1), (stranger, 1), (ada, 0)):
        assert await ask(posts, "DELETE", post["id"], person.headers) == (200, {"likes": count, "liked": False})
    assert await rows(databases) == 0


async def test_a_like_is_seen_with_the_post_and_is_no_change_of_it(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    [before] = await databases.fetch("posts_app", VERSION)
    await ask(posts, "PUT", post["id"], stranger.headers)
    [after] = await databases.fetch("posts_app", VERSION)
    assert (before["version"], before["updated_at"], 1) == tuple(after)
    assert (await posts.http.get(f"/posts/{post['id']}")).json()["likes"] == 1
    assert (await posts.http.get("/posts")).json()["items"][0]["likes"] == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_only_a_published_post_can_be_liked(
    posts: Posts, databases: Databases, ada: Person, stranger: Person, method: str
) -> None:
    draft = await posts.publish(ada.headers, state="draft")
    for post_id, person in ((draft["id"], ada), (draft["id"], stranger), (uuid4(), stranger)):
        status, problem = await ask(posts, method, post_id, person.headers)
        assert (status, problem["code"]) == (404, "post_not_found")
    await databases.execute("posts_app", "UPDATE posts.posts SET state = 'unpublished'")
    assert (await ask(posts, method, draft["id"], ada.headers))[0] == 404
    assert await rows(databases) == 0
    # A refused like makes no card of somebody who has written nothing.
    cards = await databases.fetch("posts_app", "SELECT username FROM posts.authors")
    assert [row["username"] for row in cards] == ["ada"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_service_likes_nothing_and_a_person_without_a_name_neither(
    posts: Posts, issuer: Issuer, ada: Person, method: str
) -> None:
    post = await posts.publish(ada.headers)
    service = issuer.bearer(ada.id, username=None, scope=WRITE)
    nameless = ada.bearer(claims={"preferred_username": ABSENT})
    for headers in (service, nameless):
        status, problem = await ask(posts, method, post["id"], headers)
        assert (status, problem["code"]) == (403, "not_permitted")


async def test_a_like_with_a_later_token_renames_the_card(posts: Posts, databases: Databases, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    await databases.execute("posts_app", "UPDATE posts.authors SET named_at = named_at - interval '1 hour'")
    assert await ask(posts, "PUT", post["id"], ada.bearer(username="countess")) == (200, {"likes": 1, "liked": True})
    assert (await posts.http.get(f"/posts/{post['id']}")).json()["author"]["username"] == "countess"


async def test_likes_go_with_their_post_and_come_back_with_it_from_a_draft(
    posts: Posts, databases: Databases, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers)
    url = f"/posts/{post['id']}"
    await ask(posts, "PUT", post["id"], stranger.headers)
    for state in ("draft", "published"):
        await posts.http.patch(url, json={"state": state}, headers=ada.headers)
    assert (await posts.http.get(url)).json()["likes"] == 1
    assert (await posts.http.delete(url, headers=ada.headers)).status_code == 204
    assert await rows(databases) == 0


async def test_a_path_that_names_no_post_is_refused(posts: Posts, ada: Person) -> None:
    for name in ("1", "%00", "events", "é", "0199a3c1-e5f0-7d6b-8000-00000000000z"):
        answer = await posts.http.put(f"/posts/{name}/like", headers=ada.headers)
        assert answer.status_code == 422, name
