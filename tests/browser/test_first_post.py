"""A newcomer's way from the first page to a post that everybody reads, with nothing but links and buttons."""

from playwright.async_api import Browser, expect

from tests.browser.opening import opened
from tests.browser.signing_on import see
from tests.support.services import PASSWORD, unique
from tests.support.stack import Stack


async def test_a_newcomer_signs_up_and_publishes_a_post(running: Stack, browser: Browser) -> None:
    username = unique("newcomer")
    async with opened(browser, (running.posts, running.identity)) as page:
        await page.goto(running.posts)
        await page.get_by_role("link", name="Sign up").click()
        await see(page, "Make an account")
        await page.get_by_label("Username", exact=True).fill(username)
        await page.get_by_label("E-mail address").fill(f"{username}@example.com")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Make the account").click()
        await see(page, "Sign in")
        await expect(page.get_by_label("Username or e-mail address")).to_have_value(username)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("link", name="Write").click()
        await page.get_by_label("Title").fill(f"Hello from {username}")
        await page.get_by_label("Text").fill("My *first* post.")
        await page.get_by_role("button", name="Publish", exact=True).click()
        await see(page, f"Hello from {username}")
        await expect(page.get_by_role("article").get_by_text("My first post.")).to_be_visible()
    async with opened(browser, running.posts, java_script_enabled=False) as page:
        await page.goto(running.posts)
        await page.get_by_role("link", name=f"Hello from {username}").click()
        await expect(page.get_by_text("My first post.")).to_be_visible()
