"""Administering in a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page

from tests.browser.opening import opened
from tests.browser.signing_on import see
from tests.support.person import Person
from tests.support.services import PASSWORD
from tests.support.stack import Stack


@asynccontextmanager
async def administering(browser: Browser, running: Stack, grace: Person, **options: Any) -> AsyncIterator[Page]:
    """The first page of the administration, to which the sign-in has led this administrator."""
    async with opened(browser, running.identity, **options) as page:
        await page.goto(f"{running.identity}/admin/ui")
        await see(page, "Sign in")
        await enter(page, grace)
        await see(page, "Users")
        yield page


async def enter(page: Page, person: Person) -> None:
    """Sign this person in, on the page that asks for it."""
    await page.get_by_label("Username or e-mail address").fill(person.username)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
