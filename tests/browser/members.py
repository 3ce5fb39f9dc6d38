"""People who use the pages of posts in a browser, and its API beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from json import dumps
from typing import Any

import httpx
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.opening import opened
from tests.browser.signing_on import see
from tests.support.person import Person
from tests.support.services import PASSWORD, unique
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS


@dataclass
class Member:
    """A person, whose page is that of a browser of their own."""

    person: Person
    page: Page

    @property
    def name(self) -> str:
        return self.person.username

    async def go(self, path: str) -> None:
        await self.page.goto(f"{self.person.stack.posts}{path}")

    def status(self, text: str) -> Locator:
        """What the page says about the last act."""
        return self.page.get_by_role("status").filter(has_text=text)

    def dialog(self, title: str) -> Locator:
        return self.page.get_by_role("dialog", name=title)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def answer(self, dialog: str, button: str, text: str | None = None) -> None:
        """Press the button of the dialog, which goes away, after writing the text into its field."""
        box = self.dialog(dialog)
        if text is not None:
            await box.get_by_role("textbox").fill(text)
        await box.get_by_role("button", name=button, exact=True).click()
        await expect(box).to_have_count(0)

    async def call(self, method: str, path: str, **body: Any) -> None:
        """Send what no button of the page sends, as a script of the page does."""
        options = dumps({"body": body} if body else {})
        request = f"call({dumps(method)}, {dumps(path)}, {options})"
        script = f"import('/assets/api.js').then(({{ call }}) => {{ {request}.catch(() => {{}}); }})"
        await self.page.evaluate(script)


@asynccontextmanager
async def a_person(running: Stack, word: str, *roles: str) -> AsyncIterator[Person]:
    """A person with an account, who has these roles beside that of every user, and uses the API."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
        person = await Person(http, running, unique(word)).register()
        if roles:
            running.command("identity", "set-roles", person.username, "user", *roles)
            await person.sign_in()
        yield person


@asynccontextmanager
async def a_member(browser: Browser, person: Person, path: str, **options: Any) -> AsyncIterator[Member]:
    """The person, signed in on this page of posts. An error of a script or of the policy fails the test."""
    own = (person.stack.posts, person.stack.identity, f"blob:{person.stack.posts}")
    async with opened(browser, own, **options) as page:
        member = Member(person, page)
        await member.go(path)
        await page.get_by_role("navigation", name="Your account").get_by_role("link", name="Sign in").click()
        await sign_in(page, person.username)
        await expect(signed_in_as(page, person.username)).to_be_visible()
        yield member


async def sign_in(page: Page, username: str) -> None:
    """Sign in at the page of identity that the browser has been sent to."""
    await see(page, "Sign in")
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


def signed_in_as(page: Page, username: str) -> Locator:
    """The link to the account of this person, which each page of posts has while they are signed in."""
    return page.get_by_role("navigation", name="Your account").get_by_role("link", name=username)


async def ask(person: Person, method: str, path: str, status: int = 200, **options: Any) -> Any:
    """What the API of posts answers to the person; null if it has no body."""
    url = f"{person.stack.posts}{path}"
    answer = await person.http.request(method, url, headers=person.headers, **options)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def write_post(person: Person, title: str, **members: Any) -> Any:
    """A post of the person."""
    return await ask(person, "POST", "/posts", 201, json={"title": title, "body": "A body", **members})
