"""The pages of identity in a real browser: each with and without JavaScript, in both themes, narrow and wide."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Page, Response, expect

from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.support.services import PASSWORD, unique
from tests.support.stack import Stack

PLANTED = {"username": "planted", "email": "planted@example.com", "password": PASSWORD}

Open = Callable[[Page, str], Awaitable[object]]


async def fill(page: Page, username: str, password: str = PASSWORD) -> None:
    await page.get_by_label("Username").fill(username)
    await page.get_by_label("E-mail address").fill(f"{username}@example.com")
    await page.get_by_label("Password", exact=True).fill(password)


async def show_sign_up(page: Page, own: str) -> None:
    await page.goto(f"{own}/sign-up")


async def show_sign_up_with_errors(page: Page, own: str) -> None:
    await page.goto(f"{own}/sign-up")
    await fill(page, "a", "password1")
    await page.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def show_done(page: Page, own: str) -> None:
    await page.goto(f"{own}/done/account-created")


PAGES: dict[str, Open] = {
    "sign-up": show_sign_up,
    "sign-up-with-errors": show_sign_up_with_errors,
    "done": show_done,
}


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_has_no_barrier_in_either_theme_and_fits_a_small_screen(
    running: Stack, browser: Browser, name: str, inspect: Inspect
) -> None:
    for look in LOOKS:
        async with opened(browser, running.identity, **look) as page:
            await PAGES[name](page, running.identity)
            await inspect(page, name)


@pytest.mark.parametrize("has_javascript", [True, False])
async def test_a_person_makes_an_account_corrects_an_error_and_may_reload(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    own, username = running.identity, unique("ada")
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await page.goto(f"{own}/sign-up")
        await fill(page, username, "short")
        await page.get_by_role("button").click()
        await expect(page).to_have_title("Error: Make an account – Watchword")
        await expect(page.get_by_label("Username")).to_have_value(username)
        await expect(page.get_by_label("Password", exact=True)).to_have_value("")
        await page.get_by_role("alert").get_by_role("link").click()
        await expect(page.get_by_label("Password", exact=True)).to_be_focused()
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Your account is ready")
        await page.reload()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Your account is ready")


async def test_the_keyboard_reaches_everything_in_order_and_an_error_first(running: Stack, browser: Browser) -> None:
    own = running.identity
    async with opened(browser, own) as page:
        await page.goto(f"{own}/sign-up")
        seen = []
        for _ in range(6):
            await page.keyboard.press("Tab")
            seen.append(await page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        assert seen == ["A", "username", "email", "full_name", "password", "BUTTON"]
        await show_sign_up_with_errors(page, own)
        await expect(page.get_by_role("alert")).to_be_focused()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["another port", "another site"])
async def test_a_form_of_a_stranger_changes_nothing_and_no_page_is_shown_in_a_frame(
    running: Stack, browser: Browser, stranger: int, host: str
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    statuses: list[int] = []

    def note(response: Response) -> None:
        if response.request.method == "POST":
            statuses.append(response.status)

    page.on("response", note)
    await page.goto(f"http://{host}:{stranger}/sign-up?{urlencode(PLANTED)}")
    framed = page.frames[1]
    assert await framed.get_by_role("button").count() == 0
    await page.get_by_role("button").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("This did not work")
    assert statuses == [403]
    await context.close()
    rows = await running.databases.fetch("identity_owner", "SELECT 1 FROM identity.users WHERE username = 'planted'")
    assert rows == []
