"""Two people who edit one version: one of them is refused, and no text is lost."""

import asyncio

import pytest

from tests.posts.people import Person
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.errors import PreconditionFailed
from watchword.http.conditional import Preconditions, version_of
from watchword.testing import Issuer

REQUIRED = "precondition_required"
LIKED = "UPDATE posts.posts SET likes = likes + 1"
RENAMED = "UPDATE posts.authors SET username = 'countess'"


async def test_one_of_two_editors_of_a_version_is_refused(posts: Posts, ada: Person, moderator: Person) -> None:
    created = await posts.http.post("/posts", json={"title": "T", "body": "B"}, headers=ada.headers)
    url, etag = created.headers["location"], created.headers["etag"]
    for _ in range(5):
        answers = await asyncio.gather(
            *(
                posts.http.patch(
                    f"{url}?reason=Spam", json={"body": person.username}, headers={**person.headers, "If-Match": etag}
                )
                for person in (ada, moderator)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        [changed] = [answer for answer in answers if answer.status_code == 200]
        assert (await posts.http.get(url)).json()["body"] == changed.json()["body"]
        etag = changed.headers["etag"]
        other = await posts.http.patch(url, json={"body": "B"}, headers={**ada.headers, "If-Match": etag})
        etag = other.headers["etag"]


@pytest.mark.parametrize("happened", [LIKED, RENAMED])
async def test_what_others_do_beside_a_post_refuses_no_editor(
    posts: Posts, databases: Databases, ada: Person, happened: str
) -> None:
    created = await posts.http.post("/posts", json={"title": "T", "body": "B"}, headers=ada.headers)
    url, etag = created.headers["location"], created.headers["etag"]
    await databases.execute("posts_app", happened)
    same = {**ada.headers, "If-None-Match": etag}
    assert (await posts.http.patch(url, json={"title": "New"}, headers=same)).status_code == 412
    expected = {**ada.headers, "If-Match": etag}
    assert (await posts.http.patch(url, json={"title": "New"}, headers=expected)).status_code == 200
    assert (await posts.http.delete(url, headers=expected)).status_code == 412


async def test_change_without_a_version_is_refused_if_the_operator_wants_one(
    databases: Databases, issuer: Issuer, ada: Person
) -> None:
    await databases.empty("posts")
    async with services.posts(databases, issuer.verifier(), require_if_match=True) as posts:
        post = await posts.publish(ada.headers)
        url = f"/posts/{post['id']}"
        comment = await posts.http.post(f"{url}/comments", json={"body": "C"}, headers=ada.headers)
        for path in (url, f"/comments/{comment.json()['id']}"):
            answers = [
                await posts.http.patch(path, json={"body": "Another"}, headers=ada.headers),
                await posts.http.patch(path, json={"body": "Another"}, headers={**ada.headers, "If-None-Match": '"9"'}),
                await posts.http.delete(path, headers=ada.headers),
            ]
            assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(428, REQUIRED)] * 3
            assert (await posts.http.delete(path)).status_code == 401
        etag = (await posts.http.get(url, headers=ada.headers)).headers["etag"]
        expected = {**ada.headers, "If-Match": etag}
        assert (await posts.http.patch(url, json={"body": "Another"}, headers=expected)).status_code == 200


@pytest.mark.parametrize(
    ("etag", "version"),
    [
        ('"3.1.4-cafe"', '"3"'),
        ('"3-cafe"', '"3"'),
        ('"3"', '"3"'),
        ('W/"3.1"', 'W/"3"'),
        ('"33.1"', '"33"'),
        ('""', '""'),
    ],
)
def test_a_version_is_what_comes_first_in_a_tag(etag: str, version: str) -> None:
    assert version_of(etag) == version


@pytest.mark.parametrize("field", ['"2.1"', 'W/"3.1"', '"33.1"', "3.1", '"x", 3', ""])
def test_a_field_that_does_not_name_the_version_fails(field: str) -> None:
    with pytest.raises(PreconditionFailed):
        Preconditions(if_match=field).versions().ensure_changeable('"3"')


@pytest.mark.parametrize("field", ['"3.7-x"', '"2", "3.1"', "*", '"3"', '"a,b", "3.,"'])
def test_a_field_that_names_the_version_holds(field: str) -> None:
    Preconditions(if_match=field).versions().ensure_changeable('"3"')
