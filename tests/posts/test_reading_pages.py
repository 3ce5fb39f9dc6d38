"""The pages that everybody reads: made by the service, the same for everybody, and readable without a script."""

import base64
import re
from hashlib import sha256
from html import unescape
from json import loads

import httpx
import pytest

from tests.posts.people import Person
from tests.support.services import POSTS_URL, Posts

PAGES = ["/", "/about", "/write", "/mine", "/moderation", "/p/on-engines/edit"]


async def page_at(posts: Posts, path: str) -> str:
    """The HTML of the page at this path."""
    answer = await posts.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), answer.text
    return answer.text


def titles_of(page: str) -> list[str]:
    """The titles of the posts that the page lists, in its order."""
    return [unescape(title) for title in re.findall(r'<h2><a href="/p/[^"]+">(.*?)</a></h2>', page)]


def link_of(page: str, relation: str) -> str:
    (link,) = re.findall(rf'<(?:a|link)[^>]* ?rel="{relation}"[^>]*>', page)
    (url,) = re.findall(r'href="([^"]+)"', link)
    return unescape(url)


async def test_home_lists_published_posts_the_newest_first_and_nothing_else(posts: Posts, ada: Person) -> None:
    for title in ("The first", "<b>The second</b> & last"):
        await posts.publish(ada.headers, title=title, summary="<i>Short</i>", tags=["C++"])
    await posts.publish(ada.headers, title="Unfinished", state="draft")
    page = await page_at(posts, "/")
    assert titles_of(page) == ["<b>The second</b> & last", "The first"]
    assert "&lt;b&gt;The second&lt;/b&gt; &amp; last" in page
    assert "&lt;i&gt;Short&lt;/i&gt;" in page
    assert 'href="/?tag=c%2B%2B" rel="tag">c++</a>' in page
    assert f'rel="author">{ada.username}</a>' in page
    # The same for its author: the page knows nobody.
    assert (await posts.http.get("/", headers=ada.headers)).text == page


async def test_home_is_paged_without_losing_or_repeating_a_post(posts: Posts, ada: Person) -> None:
    titles = [f"Post {number}" for number in range(45)]
    for title in titles:
        await posts.publish(ada.headers, title=title)
    path, listed = "/?sort=oldest", list[str]()
    for _ in range(3):
        page = await page_at(posts, path)
        listed += titles_of(page)
        if 'rel="next"' not in page:
            break
        path = link_of(page, "next")
    assert listed == titles


async def test_home_lists_by_tag_by_author_and_by_words(posts: Posts, ada: Person, stranger: Person) -> None:
    await posts.publish(ada.headers, title="On engines", tags=["engines"], body="A *difference* engine")
    await posts.publish(stranger.headers, title="On looms", tags=["looms"], body="A loom")
    assert titles_of(await page_at(posts, "/?tag=Looms")) == ["On looms"]
    by_ada = await page_at(posts, f"/?author={ada.id}")
    assert (titles_of(by_ada), f"<h1>Posts by {ada.username}</h1>" in by_ada) == (["On engines"], True)
    results = await page_at(posts, "/?q=difference")
    assert (titles_of(results), "<mark>difference</mark>" in results) == (["On engines"], True)
    assert '<meta name="robots" content="noindex">' in results
    assert "No post matches." in await page_at(posts, "/?q=nothing-like-it")
    assert titles_of(await page_at(posts, "/?q=")) == ["On looms", "On engines"]


async def test_search_engines_find_title_description_address_and_feed(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, title="On <engines>", summary="About “them”", tags=["engines"])
    home, page = await page_at(posts, "/?tag=engines"), await page_at(posts, f"/p/{post['slug']}")
    assert (link_of(home, "canonical"), link_of(home, "alternate")) == (
        f"{POSTS_URL}/?tag=engines",
        "/feed.atom?tag=engines",
    )
    assert "<title>On &lt;engines&gt; – Watchword posts</title>" in page
    assert '<meta name="description" content="About “them”">' in page
    assert link_of(page, "canonical") == f"{POSTS_URL}/p/{post['slug']}"
    assert link_of(page, "alternate") == f"/feed.atom?author={ada.id}"


async def test_a_post_is_readable_with_its_comments_thread_by_thread(
    posts: Posts, ada: Person, stranger: Person
) -> None:
    post = await posts.publish(ada.headers, title="On engines", body="An *engine* <script>", tags=["engines"])
    path = f"/posts/{post['id']}/comments"
    first = (await posts.http.post(path, json={"body": "It *weaves*"}, headers=stranger.headers)).json()
    answer = {"body": "It does", "parent_id": first["id"]}
    assert (await posts.http.post(path, json=answer, headers=ada.headers)).status_code == 201
    page = await page_at(posts, f"/p/{post['slug']}")
    assert "<p>An <em>engine</em> &lt;script&gt;</p>" in page
    assert page.index("<p>It <em>weaves</em></p>") < page.index("<p>It does</p>")
    assert "2 comments" in page
    assert (await posts.http.delete(f"/comments/{first['id']}", headers=stranger.headers)).status_code == 204
    removed = await page_at(posts, f"/p/{post['slug']}")
    assert ("This comment was removed." in removed, "weaves" in removed) == (True, False)


async def test_many_comments_are_paged(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers)
    bodies = [f"number {number};" for number in range(25)]
    for body in bodies:
        answer = await posts.http.post(f"/posts/{post['id']}/comments", json={"body": body}, headers=ada.headers)
        assert answer.status_code == 201
    first = await page_at(posts, f"/p/{post['slug']}")
    second = await page_at(posts, link_of(first, "next").partition("#")[0])
    assert re.findall(r"number \d+;", first + second) == bodies


async def test_a_former_address_of_a_post_leads_to_the_present_one(posts: Posts, ada: Person) -> None:
    post = await posts.publish(ada.headers, title="On engines")
    changed = await posts.http.patch(f"/posts/{post['id']}", json={"title": "Engines"}, headers=ada.headers)
    slug = changed.json()["slug"]
    assert slug != post["slug"]
    answer = await posts.http.get(f"/p/{post['slug']}")
    assert (answer.status_code, answer.headers["location"]) == (301, f"/p/{slug}")


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/p/nothing-here", 404, "There is no such page"),
        ("/p/Not%20a%20slug", 422, "This address is not valid"),
        ("/p/a/b/c", 404, "There is no such page"),
        ("/?cursor=x", 422, "This address is not valid"),
        ("/?q=engine&tag=looms", 422, "This address is not valid"),
        ("/?author=ada", 422, "This address is not valid"),
    ],
)
async def test_people_read_why_there_is_no_page(posts: Posts, path: str, status: int, heading: str) -> None:
    answer = await posts.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert (f"<h1>{heading}</h1>" in answer.text, answer.headers["cache-control"]) == (True, "no-store")


async def test_a_draft_has_no_page(posts: Posts, ada: Person) -> None:
    draft = await posts.publish(ada.headers, state="draft")
    assert (await posts.http.get(f"/p/{draft['slug']}", headers=ada.headers)).status_code == 404


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_runs_and_loads_nothing_but_our_own_files(posts: Posts, path: str) -> None:
    answer = await posts.http.get(path)
    policy = answer.headers["content-security-policy"]
    (imports,) = re.findall(r'<script type="importmap">(.*?)</script>', answer.text)
    assert f"script-src 'self' 'sha256-{base64.b64encode(sha256(imports.encode()).digest()).decode()}';" in policy
    assert "unsafe" not in policy
    files = re.findall(r'(?:src|href)="(/assets/[^"]+)"', answer.text)
    for file in {*files, *loads(imports)["imports"].values()}:
        asset = await posts.http.get(file)
        assert (asset.status_code, "immutable" in asset.headers["cache-control"]) == (200, True), file
    assert not re.search(r"<script>|<style| style=| on\w+=", answer.text)
    assert (await posts.http.get("/assets/header.js")).status_code == 404


async def test_a_browser_that_has_a_page_gets_it_again_only_if_it_has_changed(posts: Posts, ada: Person) -> None:
    async def again(etag: str) -> httpx.Response:
        return await posts.http.get("/", headers={"If-None-Match": etag})

    first = await posts.http.get("/")
    assert first.headers["cache-control"] == "no-cache"
    same = await again(first.headers["etag"])
    assert (same.status_code, same.content) == (304, b"")
    await posts.publish(ada.headers)
    assert (await again(first.headers["etag"])).status_code == 200


async def test_signing_in_leads_back_to_the_page(posts: Posts) -> None:
    assert 'href="/auth/start?return=%2F%3Fq%3Dan%2Bengine"' in await page_at(posts, "/?q=an+engine")
    # An address that cannot be sent along leads to the home page.
    assert 'href="/auth/start?return=%2F"' in await page_at(posts, f"/?utm={'x' * 1_200}")


@pytest.mark.parametrize("path", ["/auth/token", "/auth/sign-out"])
async def test_pages_of_other_origins_do_not_get_at_the_session(posts: Posts, path: str) -> None:
    answer = await posts.http.post(path, headers={"Origin": "http://localhost:8001"})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert "access-control-allow-origin" not in answer.headers
    preflight = {"Origin": "http://localhost:8001", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in (await posts.http.options(path, headers=preflight)).headers
