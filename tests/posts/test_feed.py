"""The feed of the newest posts, read by an XML parser."""

from typing import Any
from xml.etree import ElementTree

import pytest

from posts_service.feed.atom import MAX_CONTENT_CHARACTERS
from tests.posts.people import Person
from tests.support.services import POSTS_URL, Posts

ATOM = "{http://www.w3.org/2005/Atom}"


async def feed_of(posts: Posts, headers: dict[str, str] | None = None, **query: Any) -> ElementTree.Element:
    answer = await posts.http.get("/feed.atom", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml"
    assert answer.headers["cache-control"] == "public, max-age=60"
    feed = ElementTree.fromstring(answer.content)  # noqa: S314 - it is ours
    assert feed.tag == f"{ATOM}feed"
    return feed


def texts(element: ElementTree.Element, name: str) -> list[str]:
    return [child.text or "" for child in element.iter(f"{ATOM}{name}")]


async def ids(posts: Posts, headers: dict[str, str] | None = None, **query: Any) -> list[str]:
    feed = await feed_of(posts, headers, **query)
    return [entry.findtext(f"{ATOM}id", "").removeprefix("urn:uuid:") for entry in feed.iter(f"{ATOM}entry")]


async def test_an_entry_has_all_of_a_post(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, title="A < B & C", body="*Text* <b>", tags=["ant", "c++"])
    feed = await feed_of(posts)
    [entry] = feed.iter(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{post['id']}"
    assert [texts(entry, name) for name in ("title", "name", "summary", "content")] == [
        ["A < B & C"],
        ["ada"],
        [post["summary"]],
        [post["html"]],
    ]
    [link] = entry.iter(f"{ATOM}link")
    assert link.attrib == {"rel": "alternate", "href": f"{POSTS_URL}/p/{post['slug']}"}
    assert [category.attrib["term"] for category in entry.iter(f"{ATOM}category")] == ["ant", "c++"]
    assert entry.findtext(f"{ATOM}published", "")[:19] == post["published_at"][:19]
    assert texts(feed, "updated") == texts(entry, "updated") * 2
    assert texts(feed, "id")[0].startswith("urn:uuid:")


async def test_whatever_a_post_holds_the_feed_is_xml(posts: Posts, ada: Person) -> None:
    hostile = "]]><![CDATA[ &amp; &#0; <!-- \x01\x0b\x1f\ufffe\uffff \U0001f600 -- ?> \x7f\x85 end"
    await posts.publish(ada.headers, title="T \ufffe]]>", body=hostile, summary="S & \uffff")
    feed = await feed_of(posts)
    assert texts(feed, "title")[1:] == ["T ]]>"]
    assert texts(feed, "summary") == ["S & "]
    assert "\U0001f600" in texts(feed, "content")[0]


async def test_the_feed_has_the_twenty_newest_published_posts(posts: Posts, ada: Person) -> None:
    assert await ids(posts) == []
    published = [(await posts.publish(ada.headers))["id"] for _ in range(21)]
    await posts.publish(ada.headers, state="draft")
    assert await ids(posts) == published[:0:-1]
    assert await ids(posts, ada.headers) == published[:0:-1]


async def test_a_feed_is_that_of_an_author_or_of_a_tag(posts: Posts, ada: Person, stranger: Person) -> None:
    hers = await posts.publish(ada.headers, tags=["Machine Learning"])
    theirs = await posts.publish(stranger.headers)
    assert await ids(posts, author=ada.id) == [hers["id"]]
    assert await ids(posts, author=stranger.id) == [theirs["id"]]
    assert await ids(posts, tag="machine_learning") == [hers["id"]]
    assert texts(await feed_of(posts, author=ada.id), "title")[0] == "Posts by ada"
    assert texts(await feed_of(posts, tag="Ant"), "title")[0] == "Posts about ant"


@pytest.mark.parametrize(
    "query", ["author=ada", "tag=", "tag=a,b", "author=0199a3c1-e5f0-7d6b-8a2e-3f1c5b7d9e10&tag=a"]
)
async def test_a_feed_that_cannot_be_is_refused(posts: Posts, query: str) -> None:
    assert (await posts.http.get(f"/feed.atom?{query}")).status_code == 422


async def test_an_unchanged_feed_is_not_sent_again_whoever_asks(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    etag = (await posts.http.get("/feed.atom")).headers["etag"]
    await posts.http.put(f"/posts/{post['id']}/like", headers=ada.headers)
    answer = await posts.http.get("/feed.atom", headers={**ada.headers, "If-None-Match": etag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert answer.headers["cache-control"] == "public, max-age=60"
    await posts.http.patch(f"/posts/{post['id']}", json={"title": "Another"}, headers=ada.headers)
    assert (await posts.http.get("/feed.atom", headers={"If-None-Match": etag})).status_code == 200
    assert (await posts.http.get("/feed.atom", headers={"If-Match": etag})).status_code == 412


async def test_posts_beyond_the_bound_have_a_summary_alone(posts: Posts, ada: Person) -> None:
    body = "word " * 13_000
    for _ in range(10):
        await posts.publish(ada.headers, body=body)
    feed = await feed_of(posts)
    assert len(texts(feed, "summary")) == 10
    assert 0 < len("".join(texts(feed, "content"))) <= MAX_CONTENT_CHARACTERS
    assert len(texts(feed, "content")) == 8
