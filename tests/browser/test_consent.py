"""An application of others asks a person for access in a real browser, with and without JavaScript."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Page, expect

from identity_service.installation import POSTS_SCOPES
from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.browser.signing_on import press, registered, see
from tests.identity.authorizing import VERIFIER, challenge_of
from tests.support.services import PASSWORD
from tests.support.stack import Stack

CLIENT = """
    INSERT INTO identity.clients (id, name, grants, scopes, audiences, default_audience, redirect_uris)
    VALUES ('notes', 'Notes', '{authorization_code}', '{account,posts:write}', $1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET redirect_uris = excluded.redirect_uris
"""

with_and_without_javascript = pytest.mark.parametrize("has_javascript", [True, False])


@pytest.fixture
async def callback(running: Stack, application: str) -> str:
    """The redirect URI of the application Notes, which is registered with identity."""
    uri, audiences = f"{application}/callback", [running.identity, running.posts]
    await running.databases.execute("identity_owner", CLIENT, audiences, running.posts, [uri])
    return uri


def request_of(running: Stack, callback: str, **parameters: str) -> str:
    """The URL of an authorization request of the application."""
    challenge = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
    query = {"client_id": "notes", "redirect_uri": callback, "response_type": "code", **challenge, **parameters}
    return f"{running.identity}/oauth/authorize?{urlencode(query)}"


async def sign_in(page: Page, username: str) -> None:
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await press(page, "Sign in", "Allow access?")


@with_and_without_javascript
async def test_a_person_allows_an_application_takes_the_access_back_and_does_not_allow_it_again(
    running: Stack, browser: Browser, callback: str, has_javascript: bool
) -> None:
    own = (running.identity, callback.removesuffix("/callback"))
    ada, request = await registered(running), request_of(running, callback)
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await page.goto(request)
        await sign_in(page, ada)
        await expect(page.get_by_text(POSTS_SCOPES["posts:write"])).to_be_visible()
        await press(page, "Allow", "Back at Notes")
        await expect(page).to_have_url(re.compile(r"/callback\?code="))
        await page.goto(request)
        await see(page, "Back at Notes")
        await page.goto(f"{running.identity}/account")
        await page.get_by_role("link", name="Applications with access").click()
        await press(page, "Take the access back Notes", "Access taken back")
        await page.get_by_role("link", name="Applications with access").click()
        await expect(page.get_by_role("button")).to_have_count(0)
        await page.goto(request)
        await see(page, "Allow access?")
        await press(page, "Deny", "Back at Notes")
        await expect(page).to_have_url(re.compile(r"/callback\?error=access_denied"))


@with_and_without_javascript
async def test_a_person_uses_another_account_on_the_way(
    running: Stack, browser: Browser, callback: str, has_javascript: bool
) -> None:
    own = (running.identity, callback.removesuffix("/callback"))
    ada, eve = await registered(running), await registered(running, "eve")
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await page.goto(request_of(running, callback))
        await sign_in(page, ada)
        await page.get_by_role("link", name="Use another account").click()
        await sign_in(page, eve)
        await expect(page.get_by_text(f"your account {eve}")).to_be_visible()
        await press(page, "Allow", "Back at Notes")
        await page.goto(f"{running.identity}/account/applications")
        await expect(page.get_by_role("heading", name="Notes")).to_be_visible()
    rows = "SELECT username FROM identity.consents JOIN identity.users ON id = user_id WHERE username = ANY($1)"
    assert [row["username"] for row in await running.databases.fetch("identity_owner", rows, [ada, eve])] == [eve]


async def pages_of(page: Page, running: Stack, callback: str) -> AsyncIterator[str]:
    """The names of the pages, each while it is open."""
    username = await registered(running)
    await page.goto(request_of(running, callback, scope="posts:write"))
    await sign_in(page, username)
    yield "consent"
    await press(page, "Allow", "Back at Notes")
    await page.goto(request_of(running, callback))
    yield "consent-to-more"
    await page.goto(f"{running.identity}/account/applications")
    yield "account-applications"
    await press(page, "Take the access back Notes", "Access taken back")
    yield "account-application-ended"
    await page.goto(f"{running.identity}/account/applications")
    yield "account-applications-none"


async def test_no_page_of_consent_has_a_barrier_and_each_fits_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect, callback: str
) -> None:
    own = (running.identity, callback.removesuffix("/callback"))
    for look in LOOKS:
        async with opened(browser, own, **look) as page:
            async for name in pages_of(page, running, callback):
                await inspect(page, name)
