"""Writing posts on the pages of posts, as a person would."""

import json
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.signing_on import registered, see, sign_on
from tests.support.services import PASSWORD, bearer
from tests.support.stack import Stack

KEPT_TEXT_NOTICE = "What you were writing is here again."
"""What the page says if it shows a text that was not sent."""


async def writer_at(page: Page, running: Stack, path: str = "/write", username: str | None = None) -> str:
    """Sign a person in, who is then on this page with an editor, and return their name."""
    username = username or await registered(running)
    await sign_on(page, running, username)
    await page.goto(f"{running.posts}/auth/start?return={path}")
    await expect(page.get_by_label("Title")).to_be_editable()
    return username


async def sign_in_again(page: Page, username: str, link: Locator) -> None:
    """Follow the link, and sign in at the page of identity that it leads to."""
    await link.click()
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def write(page: Page, **fields: str) -> None:
    """Type into the fields with these names."""
    for name, text in fields.items():
        await page.locator(f"#{name}").fill(text)


async def see_fields(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        await expect(page.locator(f"#{name}")).to_have_value(text)


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def see_status(page: Page, text: str) -> None:
    await expect(page.locator("form").get_by_role("status")).to_contain_text(text)


async def kept_texts(page: Page) -> dict[str, str]:
    """What the browser keeps of texts, by the names of the entries."""
    stored: dict[str, str] = json.loads(await page.evaluate("JSON.stringify(localStorage)"))
    return {name: value for name, value in stored.items() if name.startswith("text:")}


async def see_kept(page: Page, count: int) -> None:
    """Wait until the browser keeps so many texts."""
    await page.wait_for_function(
        "count => Object.keys(localStorage).filter((name) => name.startsWith('text:')).length === count", arg=count
    )


async def access_token(page: Page) -> str:
    """One of the person who is signed in on this page."""
    return str(
        await page.evaluate("fetch('/auth/token', {method: 'POST'}).then(async (a) => (await a.json()).access_token)")
    )


async def api(page: Page, method: str, url: str, **request: Any) -> Any:
    """What the API answers to the person who is signed in on this page; None if it has no body."""
    headers = {**bearer(await access_token(page)), **request.pop("headers", {})}
    answer = await page.request.fetch(url, method=method, headers=headers, **request)
    assert answer.ok, await answer.text()
    return await answer.json() if answer.status != 204 else None


async def post_of(page: Page, running: Stack, **members: Any) -> Any:
    """A post that the person who is signed in on this page has made by the API."""
    return await api(page, "POST", f"{running.posts}/posts", data={"title": "A title", "body": "A body", **members})


async def see_published(page: Page, title: str) -> None:
    """Wait until the page shows a post that is published once."""
    await see(page, title)
    items = (await api(page, "GET", f"{page.url.partition('/p/')[0]}/posts"))["items"]
    assert [item["title"] for item in items].count(title) == 1
