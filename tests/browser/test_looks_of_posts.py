"""The pages of posts as readers, authors and moderators see them: in both themes, narrow and wide."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.barriers import Inspect, inspect_in_every_look
from tests.browser.blog import Blog
from tests.browser.opening import opened
from tests.browser.signing_on import see, sign_on
from tests.support.person import Person

Open = Callable[[Page, Blog], Awaitable[object]]


def at(path: str, heading: str) -> Open:
    """How to open the page of this path, which has this heading."""

    async def open_it(page: Page, blog: Blog) -> None:
        await page.goto(f"{blog.running.posts}{path}")
        await see(page, heading)

    return open_it


async def open_newest(page: Page, blog: Blog) -> None:
    await page.goto(f"{blog.running.posts}/p/{blog.posts[-1]['slug']}")
    await see(page, blog.posts[-1]["title"])


PUBLIC: dict[str, Open] = {
    "home": at("/", "Posts"),
    "home-searched": at("/?q=tuesday", "Posts that match “tuesday”"),
    "home-tag": at("/?tag=tuesdays", "Posts about tuesdays"),
    "home-nothing": at("/?q=nowhere", "Posts that match “nowhere”"),
    "post": open_newest,
    "about": at("/about", "About"),
    "not-found": at("/p/nowhere", "There is no such page"),
    "mine-signed-out": at("/mine", "Your posts"),
    "moderation-signed-out": at("/moderation", "Moderation"),
    "write-signed-out": at("/write", "Write"),
}


@asynccontextmanager
async def signed_in(browser: Browser, blog: Blog, person: Person) -> AsyncIterator[Page]:
    """A page of posts on which this person is signed in."""
    async with opened(browser, (blog.running.posts, blog.running.identity)) as page:
        await sign_on(page, blog.running, person.username)
        await page.goto(f"{blog.running.posts}/auth/start?return=/about")
        await expect(page.get_by_role("link", name=person.username)).to_be_visible()
        yield page


@pytest.mark.parametrize("name", PUBLIC)
async def test_a_page_for_everybody_has_no_barrier_in_either_theme_and_fits_a_small_screen(
    blog: Blog, browser: Browser, name: str, inspect: Inspect
) -> None:
    async with opened(browser, blog.running.posts) as page:
        await PUBLIC[name](page, blog)
        await inspect_in_every_look(page, name, inspect)
