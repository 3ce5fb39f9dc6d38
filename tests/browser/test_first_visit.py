"""Somebody comes to the posts for the first time: little is sent, all of it by this service, and it can be read before
any script has run."""

from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.blog import POSTS, Blog
from tests.browser.opening import opened
from tests.support.waiting import until

MOST_BYTES = 100_000
HEAD = """() => {
  const attribute = (selector, name) => document.querySelector(selector)?.getAttribute(name);
  return {
    title: document.title,
    description: attribute("meta[name=description]", "content"),
    canonical: attribute("link[rel=canonical]", "href"),
    feed: attribute("link[rel=alternate][type='application/atom+xml']", "href"),
  };
}"""


async def transferred(page: Page, url: str) -> dict[str, int]:
    """The bytes of each answer, head and body as they were sent, by its address: the page and whatever it loads."""
    session = await page.context.new_cdp_session(page)
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def note(event: dict[str, Any]) -> None:
        sizes[urls[event["requestId"]]] = int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]}))
    session.on("Network.loadingFinished", note)
    await session.send("Network.enable")
    await page.goto(url)

    async def has_all() -> bool:
        # The stream of events of a page does not end.
        return {url for url in urls.values() if not url.endswith("/posts/events")} <= sizes.keys()

    await until(has_all)
    return sizes


async def test_the_first_visit_to_the_home_page_brings_at_most_a_hundred_kilobytes(
    blog: Blog, browser: Browser
) -> None:
    async with opened(browser, blog.running.posts) as page:
        sizes = await transferred(page, f"{blog.running.posts}/")
        assert await page.locator("article").count() == POSTS
    assert sum(sizes.values()) <= MOST_BYTES, sizes
    assert {url.rpartition(".")[2] for url in sizes} >= {"js", "css"}, sizes


async def test_the_next_page_brings_no_file_again_that_the_first_one_had(blog: Blog, browser: Browser) -> None:
    async with opened(browser, blog.running.posts) as page:
        first = await transferred(page, f"{blog.running.posts}/")
        next_page = await page.context.new_page()
        sizes = await transferred(next_page, f"{blog.running.posts}/p/{blog.posts[-1]['slug']}")
    shared = {url: sizes[url] for url in first.keys() & sizes.keys()}
    assert shared
    assert not any(shared.values()), shared


@pytest.mark.parametrize("has_scripts", [False, True], ids=["no JavaScript", "before any script has run"])
async def test_everything_can_be_read_without_a_script(blog: Blog, browser: Browser, has_scripts: bool) -> None:
    home, newest = blog.running.posts, blog.posts[-1]
    async with opened(browser, home, java_script_enabled=has_scripts) as page:
        waiting: list[Route] = []
        await page.route("**/*.js", lambda route: waiting.append(route))
        await page.goto(home, wait_until="commit")
        await expect(page.locator("article h2")).to_have_text([post["title"] for post in reversed(blog.posts)])
        await page.get_by_role("link", name=newest["title"]).click(no_wait_after=True)
        await expect(page.get_by_role("heading", level=1)).to_have_text(newest["title"])
        await expect(page.locator("#post .text")).to_contain_text("no pretensions to originate anything")
        await expect(page.locator("#comments .text")).to_contain_text(["algebraic patterns", "Thank you"])
        await expect(page.get_by_role("link", name=newest["author"]["username"]).first).to_be_visible()
        await expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
        assert bool(waiting) == has_scripts


async def test_pages_say_what_they_are_to_search_engines_and_readers_of_feeds(blog: Blog, browser: Browser) -> None:
    home, newest = blog.running.posts, blog.posts[-1]
    async with opened(browser, home) as page, httpx.AsyncClient(trust_env=False) as http:
        await page.goto(f"{home}/?sort=newest")
        of_home = await page.evaluate(HEAD)
        assert of_home == {
            "title": "Posts – Watchword posts",
            "description": of_home["description"],
            "canonical": f"{home}/",
            "feed": "/feed.atom",
        }
        await page.goto(f"{home}/p/{newest['slug']}?utm_source=elsewhere")
        of_post = await page.evaluate(HEAD)
        assert of_post == {
            "title": f"{newest['title']} – Watchword posts",
            "description": newest["summary"],
            "canonical": f"{home}/p/{newest['slug']}",
            "feed": f"/feed.atom?author={newest['author']['id']}",
        }
        for feed in (of_home["feed"], of_post["feed"]):
            assert newest["title"] in (await http.get(f"{home}{feed}")).text
    assert of_home["description"]
