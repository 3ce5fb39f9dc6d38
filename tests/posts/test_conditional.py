"""Entity tags: reading only what has changed, changing only what was read (RFC 9110 section 13)."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts

STORED = "SELECT title, version FROM posts.posts"
# What a field may hold beside or instead of the right tag.
NAMING_IT = ["{etag}", '"other", {etag}', '{etag},"other"', "*"]
WEAKLY = ["W/{etag}", '"other",W/{etag} , "another"']
NOT_NAMING_IT = ['"other"', 'W/"other"', "", '""', "other", "{bare}"]


async def published(posts: Posts, person: Person) -> tuple[str, str]:
    """The address and the entity tag of a post."""
    created = await posts.http.post("/posts", json={"title": "A title", "body": ""}, headers=person.headers)
    return created.headers["location"], created.headers["etag"]


def filled(field: str, etag: str) -> str:
    return field.format(etag=etag, bare=etag.strip('"'))


async def edit(posts: Posts, url: str, headers: dict[str, str], if_match: str, title: str = "New") -> httpx.Response:
    return await posts.http.patch(url, json={"title": title}, headers={**headers, "If-Match": if_match})


async def stored(databases: Databases) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await databases.fetch("posts_app", STORED)]


async def test_every_answer_with_one_post_has_its_strong_tag(posts: Posts, ada: Person) -> None:
    url, etag = await published(posts, ada)
    read = await posts.http.get(url, headers=ada.headers)
    unchanged = await posts.http.patch(url, json={}, headers=ada.headers)
    assert [etag] * 2 == [read.headers["etag"], unchanged.headers["etag"]]
    assert etag.startswith('"')
    assert etag.endswith('"')


async def test_every_change_is_another_tag(posts: Posts, ada: Person) -> None:
    url, etag = await published(posts, ada)
    tags = {etag}
    changes = [{"title": "b"}, {"body": "c"}, {"state": "draft"}, {"state": "published"}, {"title": "A title"}]
    for change in changes:
        changed = await posts.http.patch(url, json=change, headers=ada.headers)
        read = await posts.http.get(url, headers=ada.headers)
        assert changed.headers["etag"] == read.headers["etag"]
        tags.add(read.headers["etag"])
    assert len(tags) == 1 + len(changes)


@pytest.mark.parametrize("field", [*NAMING_IT, *WEAKLY])
async def test_a_reader_who_has_the_post_is_sent_no_body(posts: Posts, ada: Person, field: str) -> None:
    url, etag = await published(posts, ada)
    answer = await posts.http.get(url, headers={**ada.headers, "If-None-Match": filled(field, etag)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == etag
    assert answer.headers["vary"] == "Authorization"
    assert "private" in answer.headers["cache-control"]


@pytest.mark.parametrize("field", NOT_NAMING_IT)
async def test_a_reader_who_has_something_else_is_sent_the_post(posts: Posts, ada: Person, field: str) -> None:
    url, etag = await published(posts, ada)
    answer = await posts.http.get(url, headers={**ada.headers, "If-None-Match": filled(field, etag)})
    assert answer.status_code == 200
    assert answer.json()["title"] == "A title"


async def test_a_reader_who_has_an_older_version_is_sent_the_post(posts: Posts, ada: Person) -> None:
    url, etag = await published(posts, ada)
    await posts.http.patch(url, json={"title": "New"}, headers=ada.headers)
    assert (await posts.http.get(url, headers={**ada.headers, "If-None-Match": etag})).json()["title"] == "New"


@pytest.mark.parametrize("field", ["{etag}", "*"])
async def test_a_tag_does_not_reveal_a_draft(posts: Posts, ada: Person, stranger: Person, field: str) -> None:
    url, _ = await published(posts, ada)
    draft = await posts.http.patch(url, json={"state": "draft"}, headers=ada.headers)
    sent = {"If-None-Match": filled(field, draft.headers["etag"])}
    assert (await posts.http.get(url, headers=sent)).status_code == 404
    assert (await posts.http.get(url, headers={**stranger.headers, **sent})).status_code == 404
    assert (await edit(posts, url, stranger.headers, filled(field, draft.headers["etag"]))).status_code == 404


async def test_what_one_reader_sees_is_kept_from_shared_caches(posts: Posts, ada: Person) -> None:
    url, _ = await published(posts, ada)
    answers = [await posts.http.get(url, headers=headers) for headers in ({}, ada.headers)]
    answers.append(await posts.http.patch(url, json={}, headers=ada.headers))
    for answer in answers:
        assert "private" in answer.headers["cache-control"]
        assert answer.headers["vary"] == "Authorization"


@pytest.mark.parametrize("field", NAMING_IT)
async def test_an_edit_of_what_was_read_is_made(posts: Posts, ada: Person, field: str) -> None:
    url, etag = await published(posts, ada)
    answer = await edit(posts, url, ada.headers, filled(field, etag))
    assert (answer.status_code, answer.json()["title"]) == (200, "New")


@pytest.mark.parametrize("field", [*WEAKLY, *NOT_NAMING_IT])
async def test_an_edit_of_something_else_changes_nothing(
    posts: Posts, databases: Databases, ada: Person, field: str
) -> None:
    url, etag = await published(posts, ada)
    answer = await edit(posts, url, ada.headers, filled(field, etag))
    assert (answer.status_code, answer.json()["code"]) == (412, "post_changed")
    assert await stored(databases) == [("A title", 1)]


@pytest.mark.parametrize(("field", "status"), [("{etag}", 204), ("*", 204), ("W/{etag}", 412), ('"other"', 412)])
async def test_a_deletion_asks_for_the_tag_as_an_edit_does(
    posts: Posts, databases: Databases, ada: Person, field: str, status: int
) -> None:
    url, etag = await published(posts, ada)
    answer = await posts.http.delete(url, headers={**ada.headers, "If-Match": filled(field, etag)})
    assert answer.status_code == status
    assert await stored(databases) == ([] if status == 204 else [("A title", 1)])


async def test_a_tag_that_another_edit_made_old_is_412(posts: Posts, databases: Databases, ada: Person) -> None:
    url, etag = await published(posts, ada)
    await edit(posts, url, ada.headers, etag, "First")
    assert (await edit(posts, url, ada.headers, etag, "Second")).status_code == 412
    assert (await posts.http.delete(url, headers={**ada.headers, "If-Match": etag})).status_code == 412
    assert await stored(databases) == [("First", 2)]


async def test_a_stranger_with_the_right_tag_is_still_a_stranger(posts: Posts, ada: Person, stranger: Person) -> None:
    url, etag = await published(posts, ada)
    for tag in (etag, '"other"'):
        assert (await edit(posts, url, stranger.headers, tag)).status_code == 403
        deleted = await posts.http.delete(url, headers={**stranger.headers, "If-Match": tag})
        assert deleted.status_code == 403


async def test_one_of_two_editors_at_once_is_refused(posts: Posts, databases: Databases, ada: Person) -> None:
    for _ in range(5):
        url, etag = await published(posts, ada)
        answers = await asyncio.gather(*(edit(posts, url, ada.headers, etag, title) for title in ("One", "Two")))
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        [done] = [answer.json() for answer in answers if answer.status_code == 200]
        assert (await posts.http.get(url, headers=ada.headers)).json() == done
