"""Several tabs of a browser, and one that sleeps: each hears of changes, and does nothing in another person's name."""

from playwright.async_api import Browser, Page, expect

from tests.browser.opening import OUTAGE, opened
from tests.browser.signing_on import registered, sign_on
from tests.browser.writing import api, press, writer_at
from tests.support.stack import Stack

LOCAL = "http://localhost:"
LIKE = """path => {
  window.outcome = import("/assets/api.js")
    .then(({ call }) => call("PUT", path))
    .then(({ status }) => status, ({ status }) => status);
}"""


async def signed_in_at(page: Page, running: Stack, username: str) -> None:
    """Sign this person in, who is then on the home page."""
    await sign_on(page, running, username)
    await page.goto(f"{running.posts}/auth/start")
    await expect(page.get_by_role("link", name=username)).to_be_visible()


async def test_what_waits_for_the_service_is_not_sent_in_the_name_of_who_signs_in_next(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL, expected=OUTAGE) as page:
        await writer_at(page, running)
        created = await api(page, "POST", f"{running.posts}/posts", data={"title": "A title", "body": "A body"})
        like = f"/posts/{created['id']}/like"
        await page.route(f"**{like}", lambda route: route.abort())
        async with page.expect_event("requestfailed"):
            await page.evaluate(LIKE, like)
        other = await page.context.new_page()
        await other.goto(running.posts)
        await press(other, "Sign out")
        await expect(other.get_by_role("link", name="Sign in")).to_be_visible()
        await signed_in_at(other, running, next_one := await registered(running, "grace"))
        await expect(page.get_by_role("link", name=next_one)).to_be_visible()
        await page.unroute(f"**{like}")
        await page.evaluate("window.dispatchEvent(new Event('online'))")
        assert await page.evaluate("window.outcome") == 401
        await expect(page.get_by_role("dialog")).to_have_count(0)
        assert (await api(page, "GET", f"{running.posts}/posts/{created['id']}"))["likes"] == 0


async def test_a_page_listens_anew_when_nothing_has_come_for_long(running: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        await page.clock.install()
        async with page.expect_response("**/posts/events"):
            await signed_in_at(page, running, await registered(running))
        async with page.expect_request("**/posts/events"):
            await page.clock.fast_forward(46_000)
