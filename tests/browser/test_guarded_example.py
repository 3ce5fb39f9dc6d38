"""The author of a service asks for a second factor as docs/second-factors.md says, and a person gets through."""

import re
import secrets
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.opening import opened
from tests.browser.post_pages import give_credentials
from tests.browser.signing_on import registered, see
from tests.browser.test_security_pages import connect_app
from tests.support.stack import Stack
from tests.system.examples import EXAMPLES, ROOT, free_url, paste, registration, served


def guarded() -> str:
    """The example with the change of the guide."""
    (change,) = re.findall(r"```diff\n(.*?)```", (ROOT / "docs/second-factors.md").read_text(), re.DOTALL)
    before, after = ("".join(re.findall(rf"^\{sign}(.*\n)", change, re.MULTILINE)) for sign in "-+")
    source = (EXAMPLES / "notes_pages.py").read_text()
    assert before in source
    return source.replace(before, after)


def of_its_own(text: str) -> str:
    """The text with a client and a scope that no other test has."""
    return text.replace("notes-pages", "guarded-pages").replace("my-notes", "guarded-notes")


@pytest.fixture
def notes(running: Stack, tmp_path: Path) -> Iterator[str]:
    """The origin of the guarded example."""
    (tmp_path / "guarded_pages.py").write_text(of_its_own(guarded()).replace("notes_pages.html", "guarded_pages.html"))
    (tmp_path / "guarded_pages.html").write_text((EXAMPLES / "notes_pages.html").read_text())
    with free_url() as url:
        origin = url.replace("localhost", "notes.localhost")
        register = of_its_own(registration("A page that people sign in on")).replace(
            "http://notes.localhost:8007", origin
        )
        printed = paste(register.replace("http://localhost:8001", running.identity), running)
        variables = {
            "NOTES_ISSUER": running.identity,
            "NOTES_ORIGIN": origin,
            "NOTES_CLIENT_SECRET": printed.split("Secret, shown only now: ")[1].split()[0],
            "NOTES_SEALING_KEY": b64encode(secrets.token_bytes(32)).decode(),
        }
        with served("guarded_pages:app", url, tmp_path, running, tmp_path / "log", **variables):
            yield origin


async def test_the_change_of_the_guide_asks_people_for_a_second_factor(
    running: Stack, browser: Browser, notes: str
) -> None:
    username = await registered(running)
    async with opened(browser, (notes, running.identity)) as page:
        await page.goto(notes)
        await page.get_by_role("link", name="Sign in").click()
        await give_credentials(page, username)
        await page.get_by_role("link", name="Sign in once more").click()
        await see(page, "A stronger sign-in is needed")
        await page.get_by_role("link", name="Add a second factor").click()
        await connect_app(page)
        await page.get_by_role("link", name="Go on where you were").click()
        await expect(page.get_by_text(f"Notes of {username}")).to_be_visible()
        assert page.url == f"{notes}/"
