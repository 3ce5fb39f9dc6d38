"""/docs of both services: Authorize signs in at identity's page, and the operations that follow are called as that
person."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, Request, expect

from tests.support.person import Person
from tests.support.services import PASSWORD, unique
from tests.support.stack import Stack
from watchword.service.docs import REDIRECT_PATH

LISTEN = """() => {
  new BroadcastChannel("watchword-docs-sign-in").onmessage = ({ data }) => data === "last" && console.log("heard");
}"""
FORGED = """() => {
  const answers = new BroadcastChannel("watchword-docs-sign-in");
  for (const state of ["guessed", "", null, undefined]) answers.postMessage({ code: "forged", state });
  for (const answer of [null, 1, "last"]) answers.postMessage(answer);
}"""
OPERATION = {"identity": "users_read_me", "posts": "posts_list"}


async def new_person(running: Stack) -> Person:
    async with httpx.AsyncClient(trust_env=False) as http:
        ada = await Person(http, running, unique("ada")).register()
        await ada.publish(title="Seen in the docs", state="draft")
    return ada


async def open_sign_in(page: Page, address: str) -> Page:
    """Open the documentation, press Authorize with every scope that it shows, and return the window that opens."""
    await page.goto(f"{address}/docs")
    await page.get_by_role("button", name="Authorize", exact=True).click()
    form = page.locator(".auth-container").filter(has_text="authorizationCode with PKCE")
    await form.get_by_text("select all", exact=True).click()
    async with page.context.expect_page() as opened:
        await form.locator("button.authorize").click()
    return await opened.value


async def sign_in(window: Page, username: str) -> None:
    await window.get_by_label("Username or e-mail address").fill(username)
    await window.get_by_label("Password", exact=True).fill(PASSWORD)
    async with window.expect_event("close"):
        await window.get_by_role("button", name="Sign in").click()


async def authorize(page: Page, address: str, username: str) -> None:
    await sign_in(await open_sign_in(page, address), username)
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


async def test_only_the_answer_to_what_the_page_asked_is_taken_and_once(browser: Browser, running: Stack) -> None:
    ada = await new_person(running)
    context = await browser.new_context()
    page, stranger = await context.new_page(), await context.new_page()
    requests: list[Request] = []
    context.on("request", lambda request: requests.append(request))
    window = await open_sign_in(page, running.posts)
    await page.evaluate(LISTEN)
    await stranger.goto(f"{running.posts}{REDIRECT_PATH}?code=forged&state=guessed&iss={running.identity}")
    await send_forged(stranger, page)
    await expect(stranger.locator("#outcome")).to_contain_text("No documentation page waits")
    assert "forged" not in stranger.url
    await sign_in(window, ada.username)
    await expect(page.locator(".auth-container").get_by_text("Logout", exact=True).first).to_be_visible()
    [answer] = [request.url for request in requests if f"{REDIRECT_PATH}?code=" in request.url][1:]
    await stranger.goto(answer)
    await send_forged(stranger, page)
    code = dict(parse_qsl(urlsplit(answer).query))["code"]
    [exchange] = [request.post_data or "" for request in requests if request.url.endswith("/oauth/token")]
    assert dict(parse_qsl(exchange))["code"] == code
    assert not any(code in request.headers.get("referer", "") for request in requests)
    assert code not in running.log("identity") + running.log("posts")
    await context.close()


async def send_forged(stranger: Page, page: Page) -> None:
    """Send answers that nobody asked for, and return when the page has heard the last one."""
    async with page.expect_console_message(lambda message: message.text == "heard"):
        await stranger.evaluate(FORGED)


async def test_a_refusal_is_shown_and_the_next_attempt_signs_in(running: Stack, page: Page) -> None:
    ada = await new_person(running)
    window = await open_sign_in(page, running.posts)
    [request] = parse_qs(urlsplit(window.url).query)["return"]
    parameters = dict(parse_qsl(urlsplit(request).query))
    assert parameters["code_challenge_method"] == "S256"
    async with window.expect_event("close"):
        await window.goto(
            f"{running.posts}{REDIRECT_PATH}?error=access_denied&state={parameters['state']}", wait_until="commit"
        )
    await expect(page.locator(".auth-container .errors").first).to_contain_text("access_denied")
    await authorize(page, running.posts, ada.username)
