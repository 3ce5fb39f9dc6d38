"""People who use the pages of posts in a browser, and its API beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from json import dumps
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.opening import opened
from tests.browser.post_pages import give_credentials
from tests.support.person import Person


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
async def a_member(
    browser: Browser, person: Person, path: str, *, hears_events: bool = True, **options: Any
) -> AsyncIterator[Member]:
    """The person, signed in on this page of posts, which learns from the stream of events what happens elsewhere unless
    `hears_events` is False. An error of a script or of the policy fails the test."""
    own = (person.stack.posts, person.stack.identity, f"blob:{person.stack.posts}")
    async with opened(browser, own, **options) as page:
        member = Member(person, page)
        if not hears_events:
            await page.route("**/posts/events", lambda route: route.fulfill(status=204))
        await member.go(path)
        await page.get_by_role("navigation", name="Your account").get_by_role("link", name="Sign in").click()
        await give_credentials(page, person.username)
        await expect(signed_in_as(page, person.username)).to_be_visible()
        yield member


def signed_in_as(page: Page, username: str) -> Locator:
    """The link to the account of this person, which each page of posts has while they are signed in."""
    return page.get_by_role("navigation", name="Your account").get_by_role("link", name=username)


async def ask(person: Person, method: str, path: str, status: int = 200, **options: Any) -> Any:
    """What the API of posts answers to the person; None if it has no body."""
    url = f"{person.stack.posts}{path}"
    answer = await person.http.request(method, url, headers=person.headers, **options)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def write_post(person: Person, title: str, **members: Any) -> Any:
    """A post of the person."""
    return await ask(person, "POST", "/posts", 201, json={"title": title, "body": "A body", **members})
