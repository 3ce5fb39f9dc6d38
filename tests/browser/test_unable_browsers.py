"""Browsers that keep nothing for a site, and addresses for which they have no locks: everybody reads, and nobody is
made to wait for a sign-in that cannot be."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import BrowserType, Page, async_playwright, expect

from tests.browser.conftest import QUIET
from tests.browser.post_pages import path_of, publish
from tests.support.person import Person
from tests.support.stack import Stack

Unable = Callable[[BrowserType, str, Path], Awaitable[Page]]
UNABLE = "Nobody can sign in here"


async def a_browser_without_cookies(chromium: BrowserType, path: str, folder: Path) -> Page:
    preferences = folder / "Default/Preferences"
    preferences.parent.mkdir()
    preferences.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    return await (await chromium.launch_persistent_context(folder, executable_path=path, args=QUIET)).new_page()


async def a_page_of_another_machine(chromium: BrowserType, path: str, folder: Path) -> Page:
    """The pages come from this machine, by a name that the browser takes for another one's."""
    names = ["--host-resolver-rules=MAP posts.example 127.0.0.1", "--no-proxy-server"]
    return await (await chromium.launch_persistent_context(folder, executable_path=path, args=QUIET + names)).new_page()


@pytest.mark.parametrize("unable", [a_browser_without_cookies, a_page_of_another_machine])
async def test_a_browser_that_cannot_sign_in_reads_posts_and_is_told_why(
    running: Stack, chromium: str, author: Person, tmp_path: Path, unable: Unable
) -> None:
    post = await publish(author)
    site = running.posts if unable is a_browser_without_cookies else running.posts.replace("localhost", "posts.example")
    async with async_playwright() as playwright:
        page = await unable(playwright.chromium, chromium, tmp_path)
        errors: list[str] = []
        page.context.on("weberror", lambda error: errors.append(str(error.error)))
        await page.goto(f"{site}{path_of(post)}")
        await expect(page.get_by_role("heading", name=post["title"])).to_be_visible()
        for path in ("/write", "/mine"):
            await page.goto(f"{site}{path}")
            await expect(page.get_by_role("main")).to_contain_text(UNABLE)
        await page.context.close()
    assert errors == []
