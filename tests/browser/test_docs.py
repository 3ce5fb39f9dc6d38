"""/docs of both services: Authorize signs in, and the operations that follow are called as that person."""

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.person import Person
from tests.support.services import PASSWORD, unique
from tests.support.stack import Stack

OPERATION = {"identity": "users_read_me", "posts": "posts_list"}


async def new_person(running: Stack) -> Person:
    async with httpx.AsyncClient(trust_env=False) as http:
        ada = await Person(http, running, unique("ada")).register()
        await ada.publish(title="Seen in the docs", state="draft")
    return ada


async def authorize(page: Page, address: str, username: str) -> None:
    """Open the page, and sign in by its form with every scope that it shows."""
    await page.goto(f"{address}/docs")
    await page.get_by_role("button", name="Authorize", exact=True).click()
    form = page.locator(".auth-container").filter(has=page.locator("#oauth_username"))
    await form.locator("#oauth_username").fill(username)
    await form.locator("#oauth_password").fill(PASSWORD)
    await form.get_by_text("select all", exact=True).click()
    await form.locator("button.authorize").click()
    # The page shows each flow of the scheme, and takes both for authorized.
    await expect(page.locator(".auth-container").get_by_text("Logout", exact=True).first).to_be_visible()
    await page.locator(".btn-done").first.click()


async def open_to_try(page: Page, name: str) -> Locator:
    operation = page.locator(f"[id$={name}]")
    await operation.locator(".opblock-summary-control").click()
    await operation.get_by_role("button", name="Try it out").click()
    return operation


async def execute(operation: Locator, status: str) -> Locator:
    """Send the request, and return what the page shows of the answer, which must have this status."""
    await operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response").first
    await expect(answer.locator(".response-col_status")).to_contain_text(status)
    return answer


@pytest.mark.parametrize("service", ["identity", "posts"])
async def test_authorize_signs_in_and_an_operation_is_tried_as_oneself(
    running: Stack, page: Page, service: str
) -> None:
    ada = await new_person(running)
    others: list[str] = []
    page.on("request", lambda request: others.append(request.url) if "localhost" not in request.url else None)
    await authorize(page, running.identity if service == "identity" else running.posts, ada.username)
    operation = await open_to_try(page, OPERATION[service])
    if service == "posts":
        await operation.locator("tr[data-param-name=state] select").select_option("draft")
    answer = await execute(operation, "200")
    await expect(answer).to_contain_text(ada.username if service == "identity" else "Seen in the docs")
    assert [url for url in others if not url.startswith("data:")] == []


async def test_the_example_of_a_post_is_published_as_a_person_would_write_it(running: Stack, page: Page) -> None:
    ada = await new_person(running)
    await authorize(page, running.posts, ada.username)
    answer = await execute(await open_to_try(page, "posts_publish"), "201")
    await expect(answer).to_contain_text("On engines")
    await expect(answer).to_contain_text(ada.username)
