"""/docs of both services: Authorize signs in, and the operations that follow are called as that person."""

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.support.person import Person
from tests.support.services import PASSWORD, unique
from tests.support.stack import Stack

OPERATION = {"identity": "read_me_users_me_get", "posts": "list_posts_posts_get"}


@pytest.mark.parametrize("service", ["identity", "posts"])
async def test_authorize_signs_in_and_an_operation_is_tried_as_oneself(
    running: Stack, page: Page, service: str
) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        ada = await Person(http, running, unique("ada")).register()
        await ada.publish(title="Seen in the docs", state="draft")
    others: list[str] = []
    page.on("request", lambda request: others.append(request.url) if "localhost" not in request.url else None)
    await page.goto(f"{running.identity if service == 'identity' else running.posts}/docs")
    await page.get_by_role("button", name="Authorize").click()
    form = page.locator(".auth-container")
    await form.locator("#oauth_username").fill(ada.username)
    await form.locator("#oauth_password").fill(PASSWORD)
    await form.locator("button.authorize").click()
    await expect(form.get_by_text("Logout")).to_be_visible()
    await page.locator(".btn-done").click()
    operation = page.locator(f"[id$={OPERATION[service]}]")
    await operation.locator(".opblock-summary-control").click()
    await operation.get_by_role("button", name="Try it out").click()
    if service == "posts":
        await operation.locator("tr[data-param-name=state] select").select_option("draft")
    await operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response").first
    await expect(answer.locator(".response-col_status")).to_contain_text("200")
    await expect(answer).to_contain_text(ada.username if service == "identity" else "Seen in the docs")
    assert [url for url in others if not url.startswith("data:")] == []
