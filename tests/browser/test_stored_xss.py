"""Whatever a stranger writes, and wherever: on every page that shows it, it is a text."""

from urllib.parse import quote, urlencode

import pytest
from playwright.async_api import Browser, Page

from tests.browser.harmless import ensure_harmless, watched
from tests.browser.hostile import Hostile
from tests.browser.hostile_texts import ATTRIBUTES, ELEMENTS, RAW_TEXT, TEMPLATES

REFLECTED = (*ELEMENTS, *ATTRIBUTES, *RAW_TEXT, *TEMPLATES)
"""Texts for what is shown once and never as Markdown."""
PAGE_OF_A_POST = """() => ({
  heading: document.querySelector("h1").textContent,
  title: document.querySelector("title").textContent,
  description: document.querySelector("meta[name=description]").content,
  author: document.querySelector(".byline [rel=author]").textContent,
  tags: [...document.querySelectorAll("article [rel=tag]")].map((link) => link.textContent),
  comment: document.querySelector(".comments .text") !== null,
})"""
TITLES = "[...document.querySelectorAll('.posts h2')].map((heading) => heading.textContent)"


async def test_the_page_of_a_post_shows_every_text_as_it_is(hostile: Hostile, browser: Browser) -> None:
    async with watched(browser, hostile.origin) as page:
        for text, post in hostile.posts.items():
            await hostile.name_author(text)
            await page.goto(f"{hostile.origin}/p/{post['slug']}")
            await ensure_harmless(page)
            assert await page.evaluate(PAGE_OF_A_POST) == {
                "heading": post["title"],
                "title": f"{post['title']} – Watchword posts",
                "description": post["summary"],
                "author": text,
                "tags": post["tags"],
                "comment": True,
            }


async def follow(page: Page, url: str) -> list[str]:
    """The titles of this list and of its further pages, each of which is harmless."""
    await page.goto(url)
    titles: list[str] = []
    while True:
        await ensure_harmless(page)
        titles += await page.evaluate(TITLES)
        if not await page.get_by_role("link", name="More posts").count():
            return titles
        # Of a page that is still being read, neither all titles nor the link to a further page need be there.
        async with page.expect_navigation():
            await page.get_by_role("link", name="More posts").click()


async def test_lists_show_every_title_as_it_is(hostile: Hostile, browser: Browser) -> None:
    titles = {post["title"] for post in hostile.posts.values()}
    async with watched(browser, hostile.origin) as page:
        assert {*await follow(page, hostile.origin)} >= titles
        for tag in {tag for post in hostile.posts.values() for tag in post["tags"]}:
            own = {post["title"] for post in hostile.posts.values() if post["tags"] == [tag]}
            shown = await follow(page, f"{hostile.origin}/?{urlencode({'tag': tag})}")
            assert {*shown} >= own


@pytest.mark.parametrize("words", ["xss", "script", "javascript", "hostile.example", '"onerror"'])
async def test_a_search_shows_what_matches_as_texts(hostile: Hostile, browser: Browser, words: str) -> None:
    async with watched(browser, hostile.origin) as page:
        assert await follow(page, f"{hostile.origin}/?{urlencode({'q': words})}")


async def test_a_search_shows_what_was_searched_for_as_a_text(hostile: Hostile, browser: Browser) -> None:
    async with watched(browser, hostile.origin) as page:
        for text in REFLECTED:
            # With a word that no post has, the page is soon there.
            words = f"{text} nowhere"
            await page.goto(f"{hostile.origin}/?{urlencode({'q': words})}")
            await ensure_harmless(page)
            assert await page.get_by_label("Search the posts").input_value() == words.replace("\n", "")
            assert words in str(await page.text_content("h1"))


async def test_no_address_of_a_page_brings_anything_into_it(hostile: Hostile, browser: Browser) -> None:
    async with watched(browser, hostile.origin) as page:
        for text in (*ATTRIBUTES, *RAW_TEXT):
            for path in (f"/p/{quote(text, safe='')}", f"/?{urlencode({'tag': text, 'sort': text})}"):
                await page.goto(f"{hostile.origin}{path}")
                await ensure_harmless(page)
