"""The example `single_page/`: an application of another origin, with oidc-client-ts from its package."""

import shutil
import sys
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Page, expect

from deploy.local.processes import end_children, start_child
from tests.browser.opening import opened
from tests.browser.signing_on import press, registered, see
from tests.support.services import PASSWORD
from tests.support.stack import Stack, await_answer
from tests.support.tools import node_modules
from tests.system.examples import EXAMPLES, free_url, paste, registration

# Whatever the page loads is from this machine.
OWN = ("http://localhost:", "data:")
LIBRARY = "node_modules/oidc-client-ts/dist/browser"


@pytest.fixture(scope="module")
def home(running: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of the example, which is served from a folder that names this identity and has the library."""
    folder = tmp_path_factory.mktemp("served") / "single_page"
    shutil.copytree(EXAMPLES / "single_page", folder, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(node_modules(".openid", "javascript").parent / LIBRARY, folder / LIBRARY)
    for file in (folder / "index.html", folder / "app.js"):
        file.write_text(file.read_text().replace("http://localhost:8001", running.identity))
    with free_url() as url:
        register = registration("A page that signs people in by itself").replace("http://localhost:8008", url)
        paste(register.replace("http://localhost:8001", running.identity), running)
        command = [sys.executable, str(folder / "serve.py"), url.rpartition(":")[2]]
        child = start_child("single page", command, folder.parent / "log", environment=running.environment)
        try:
            await_answer(child, url)
            yield url
        finally:
            end_children([child])


async def act(page: Page, button: str, outcome: str) -> None:
    await page.get_by_role("button", name=button).click()
    await expect(page.locator("output")).to_have_text(outcome)


async def test_single_page_application_signs_people_in_renews_and_signs_them_out(
    browser: Browser, running: Stack, home: str
) -> None:
    username = await registered(running)
    async with opened(browser, OWN) as page:
        await page.goto(home)
        await act(page, "Renew", "There is nothing to renew")
        await press(page, "Sign in", "Sign in")
        await page.get_by_label("Username or e-mail address").fill(username)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Sign in", f"Signed in as {username}")
        assert page.url == f"{home}/"
        await act(page, "Renew", "Renewed")
        await page.reload()
        await see(page, f"Signed in as {username}")
        await page.get_by_role("button", name="Sign out").click()
        await see(page, "Nobody is signed in")
        # Who signs in again is asked for the password: the sign-on has ended too.
        await press(page, "Sign in", "Sign in")


async def test_an_answer_that_the_page_has_not_asked_for_signs_nobody_in(browser: Browser, home: str) -> None:
    async with opened(browser, OWN) as page:
        await page.goto(f"{home}/?code=forged&state=forged")
        await expect(page.locator("output")).to_have_text("Error: No matching state found in storage")
        await see(page, "Nobody is signed in")
        assert page.url == f"{home}/"
