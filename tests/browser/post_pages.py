"""The page of a post, as a person has it in a browser of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.opening import opened
from tests.browser.signing_on import see
from tests.support.person import Person
from tests.support.services import PASSWORD, unique
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS


@asynccontextmanager
async def registered_person(running: Stack, word: str, *roles: str) -> AsyncIterator[Person]:
    """A person with these roles beside that of every user, who also uses the API."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
        person = Person(http, running, unique(word))
        await person.register()
        if roles:
            running.command("identity", "users", "set-roles", person.username, "user", *roles)
            await person.sign_in()
        yield person


@asynccontextmanager
async def reading(
    browser: Browser, running: Stack, path: str, person: Person | None = None, **options: Any
) -> AsyncIterator[Page]:
    """This page of posts, in the browser of this person, or of somebody who is not signed in. It also loads pages of
    identity, which sign people in. `options` are those of `opened`."""
    async with opened(browser, (running.posts, running.identity), **options) as page:
        await page.goto(f"{running.posts}{path}")
        if person is not None:
            await sign_in(page, person)
        yield page


async def sign_in(page: Page, person: Person) -> None:
    """Sign in by the link at the top, and come back to the page."""
    await page.get_by_role("navigation", name="Your account").get_by_role("link", name="Sign in").click()
    await give_password(page, person)


async def give_credentials(page: Page, username: str) -> None:
    """Sign in at the page of identity that the browser has been sent to."""
    await see(page, "Sign in")
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def give_password(page: Page, person: Person) -> None:
    """Sign in at the page of identity that the browser has been sent to, and come back."""
    await give_credentials(page, person.username)
    await expect(page.get_by_role("link", name=person.username).first).to_be_visible()


async def publish(person: Person, **draft: Any) -> dict[str, Any]:
    answer = await person.publish(**draft)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def comment_on(person: Person, post: dict[str, Any], body: str, **members: Any) -> dict[str, Any]:
    """A comment that the person has written by the API."""
    url = f"{person.stack.posts}/posts/{post['id']}/comments"
    answer = await person.http.post(url, json={"body": body, **members}, headers=person.headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def comments_of(person: Person, post: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await person.http.get(f"{person.stack.posts}/posts/{post['id']}/comments")
    return list(answer.json()["items"])


def path_of(post: dict[str, Any]) -> str:
    return f"/p/{post['slug']}"


def comment(page: Page, text: str) -> Locator:
    """The comment that says this, and no answer to it."""
    return page.locator("#comments li").filter(has_text=text)


async def write(page: Page, text: str, button: str = "Publish comment") -> None:
    """Type the text into the form for comments, and send it."""
    await page.locator("#comment-body").fill(text)
    await page.get_by_role("button", name=button).click()


async def give_reason(page: Page, reason: str, button: str) -> None:
    """Fill in the dialog that asks for a reason."""
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill(reason)
    await dialog.get_by_role("button", name=button).click()


async def confirm(page: Page, button: str) -> None:
    """Press this button of the dialog."""
    await page.get_by_role("dialog").get_by_role("button", name=button).click()


async def see_status(page: Page, text: str) -> None:
    await expect(page.get_by_role("status").filter(has_text=text)).to_be_visible()


async def begin_answer(page: Page, question: str, text: str) -> None:
    """Type an answer to the comment that says `question`, and do not send it."""
    await comment(page, question).get_by_role("button", name="Answer").click()
    await page.locator("#comment-body").fill(text)
