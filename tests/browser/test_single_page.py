"""A single-page application of another origin, with oidc-client-ts from its package."""

from playwright.async_api import Browser, Page, expect

from tests.browser.signing_on import press, registered, see
from tests.openid.clients import Kind, register
from tests.openid.single_page_server import single_page
from tests.support.ports import held_port
from tests.support.services import PASSWORD
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS

CLIENT = "oidc-client-ts"


async def test_single_page_application_signs_people_in_renews_and_signs_them_out(
    browser: Browser, running: Stack
) -> None:
    username = await registered(running)
    with held_port() as port:
        home = f"http://127.0.0.1:{port}"
        await register(running, Kind(CLIENT, home, is_public=True))
        with single_page(port, running.identity, CLIENT):
            context = await browser.new_context()
            page = await context.new_page()
            page.set_default_timeout(PATIENCE_SECONDS * 1000)
            await page.goto(home)
            await press(page, "Sign in", "Sign in")
            await page.get_by_label("Username or e-mail address").fill(username)
            await page.get_by_label("Password", exact=True).fill(PASSWORD)
            await press(page, "Sign in", f"Signed in as {username}")
            await act(page, "Renew", "Renewed")
            await act(page, "Sign out", None)
            await see(page, "Nobody is signed in")
            # Who signs in again is asked for the password: the sign-on has ended too.
            await press(page, "Sign in", "Sign in")
            await context.close()


async def act(page: Page, button: str, outcome: str | None) -> None:
    await page.get_by_role("button", name=button).click()
    if outcome is not None:
        await expect(page.locator("output")).to_have_text(outcome)
