"""Tabs of a browser, and one that sleeps: each hears of changes."""

from playwright.async_api import Browser, Page, expect

from tests.browser.opening import opened
from tests.browser.signing_on import registered, sign_on
from tests.support.stack import Stack

LOCAL = "http://localhost:"


async def signed_in_at(page: Page, running: Stack, username: str) -> None:
    """Sign this person in, who is then on the home page."""
    await sign_on(page, running, username)
    await page.goto(f"{running.posts}/auth/start")
    await expect(page.get_by_role("link", name=username)).to_be_visible()


async def test_a_page_listens_anew_when_nothing_has_come_for_long(running: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        await page.clock.install()
        async with page.expect_response("**/posts/events"):
            await signed_in_at(page, running, await registered(running))
        async with page.expect_request("**/posts/events"):
            await page.clock.fast_forward(46_000)
