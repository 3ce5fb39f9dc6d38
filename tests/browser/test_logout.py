"""An application sends a real browser to the page that asks whether the person wants to sign out."""

from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Page

from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.browser.signing_on import press, registered, see, sign_on
from tests.support.stack import Stack

CLIENT = """
    INSERT INTO identity.clients (id, name, grants, scopes, audiences, default_audience, post_logout_redirect_uris)
    VALUES ('papers', 'Papers', '{authorization_code}', '{account}', $1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET post_logout_redirect_uris = excluded.post_logout_redirect_uris
"""


@pytest.fixture
async def request_url(running: Stack, application: str) -> str:
    """The URL to which the application Papers sends browsers, without an ID token."""
    uri = f"{application}/signed-out"
    await running.databases.execute("identity_owner", CLIENT, [running.identity], running.identity, [uri])
    query = {"client_id": "papers", "post_logout_redirect_uri": uri, "state": "of papers"}
    return f"{running.identity}/oauth/logout?{urlencode(query)}"


async def ask(page: Page, running: Stack, request_url: str) -> None:
    await sign_on(page, running, await registered(running))
    await page.goto(request_url)
    await see(page, "Sign out")


@pytest.mark.parametrize("has_javascript", [True, False])
async def test_a_person_agrees_to_sign_out_and_is_back_at_the_application(
    running: Stack, browser: Browser, application: str, request_url: str, has_javascript: bool
) -> None:
    own = (running.identity, application)
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await ask(page, running, request_url)
        assert "Papers asks" in await page.inner_text("main")
        await press(page, "Sign out", "Back at Notes")
        assert page.url == f"{application}/signed-out?state=of+papers"
        await page.goto(f"{running.identity}/account")
        await see(page, "Sign in")


async def test_the_page_that_asks_has_no_barrier(
    running: Stack, browser: Browser, request_url: str, inspect: Inspect
) -> None:
    for look in LOOKS:
        async with opened(browser, running.identity, **look) as page:
            await ask(page, running, request_url)
            await inspect(page, "sign-out-for-an-application")
