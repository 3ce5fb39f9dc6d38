"""An application gets its answer as a form, in a real browser, with and without JavaScript."""

import re

from playwright.async_api import Browser, Page, Route, expect

from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.browser.signing_on import press, registered, see
from tests.browser.test_consent import callback, request_of, sign_in, with_and_without_javascript
from tests.support.stack import Stack

__all__ = ["callback"]

ALMOST = "You are almost there"


async def sign_in_and_allow(page: Page, running: Stack, callback: str, heading: str) -> None:
    await page.goto(request_of(running, callback, response_mode="form_post"))
    await sign_in(page, await registered(running))
    await press(page, "Allow", heading)


@with_and_without_javascript
async def test_the_browser_takes_the_answer_to_the_application(
    running: Stack, browser: Browser, callback: str, has_javascript: bool
) -> None:
    own = (running.identity, callback.removesuffix("/callback"))
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await sign_in_and_allow(page, running, callback, "Back at Notes" if has_javascript else ALMOST)
        if not has_javascript:
            await press(page, "Go on to the application", "Back at Notes")
        await expect(page.get_by_text("With code and iss")).to_be_visible()
        await expect(page).to_have_url(re.compile(r"/callback$"))


async def test_the_page_with_the_answer_has_no_barrier_and_fits_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect, callback: str
) -> None:
    async def leave_out(route: Route) -> None:
        await route.fulfill(body="", content_type="text/javascript")

    own = (running.identity, callback.removesuffix("/callback"))
    for look in LOOKS:
        async with opened(browser, own, **look) as page:
            await page.route("**/form_post.*.js", leave_out)
            await sign_in_and_allow(page, running, callback, ALMOST)
            await inspect(page, "form-post")
            await see(page, ALMOST)
