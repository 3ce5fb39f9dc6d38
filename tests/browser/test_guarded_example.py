"""The author of a service asks for a second factor as docs/second-factors.md says, and a person gets through."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.notes_pages import served_notes
from tests.browser.opening import opened
from tests.browser.post_pages import give_credentials
from tests.browser.signing_on import registered, see
from tests.browser.test_security_pages import connect_app
from tests.support.stack import Stack
from tests.system.examples import EXAMPLES, ROOT


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
    with served_notes(running, "guarded_pages:app", tmp_path, tmp_path / "log", of_its_own) as origin:
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
