"""Comments on posts that are not published: who reads them, and that nobody writes more."""

from typing import Any

import pytest

from posts_service.posts.policy import Permission
from tests.posts.commenting import ask, comment, remove
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts

UNPUBLISH = "UPDATE posts.posts SET state = 'unpublished', unpublished_reason = 'Spam'"


@pytest.fixture
async def written(posts: Posts, ada: Person, stranger: Person) -> dict[str, Any]:
    """A comment of a stranger on a post of Ada's."""
    return await comment(posts, stranger, (await posts.publish(ada.headers))["id"])


async def statuses(posts: Posts, person: Person, written: dict[str, Any]) -> list[int]:
    """Of reading the comments, of writing one, and of changing the one that is there."""
    url, change = f"/posts/{written['post_id']}/comments", {"body": "Another"}
    answers = [
        await posts.http.get(url, headers=person.headers),
        await ask(posts, person, written["post_id"]),
        await posts.http.patch(f"/comments/{written['id']}", json=change, headers=person.headers),
    ]
    return [answer.status_code for answer in answers]


async def test_comments_on_a_draft_are_its_authors_to_read_and_nobodys_to_write(
    posts: Posts, ada: Person, stranger: Person, written: dict[str, Any]
) -> None:
    post = f"/posts/{written['post_id']}"
    await posts.http.patch(post, json={"state": "draft"}, headers=ada.headers)
    assert await statuses(posts, ada, written) == [200, 409, 403]
    assert (await ask(posts, ada, written["post_id"])).json()["code"] == "post_not_published"
    assert await statuses(posts, stranger, written) == [404, 404, 404]
    assert (await posts.http.get(f"{post}/comments")).status_code == 404
    # Nobody loses what is theirs: its author removes the comment all the same.
    assert (await remove(posts, stranger, written["id"])).status_code == 204


async def test_authors_change_no_comment_on_their_own_draft(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    own = await comment(posts, ada, post["id"])
    await posts.http.patch(f"/posts/{post['id']}", json={"state": "draft"}, headers=ada.headers)
    assert await statuses(posts, ada, own) == [200, 409, 409]


async def test_comments_on_an_unpublished_post_are_read_by_those_who_see_the_post(
    posts: Posts, databases: Databases, ada: Person, stranger: Person, written: dict[str, Any]
) -> None:
    await databases.execute("posts_app", UNPUBLISH)
    deleter = Person(ada.issuer, "joan", (Permission.COMMENT_DELETE_ANY,))
    assert await statuses(posts, ada, written) == [200, 409, 403]
    assert await statuses(posts, stranger, written) == [404, 404, 404]
    assert (await remove(posts, deleter, written["id"], reason="Spam")).json()["code"] == "comment_not_found"
    assert (await remove(posts, ada, written["id"])).status_code == 204
