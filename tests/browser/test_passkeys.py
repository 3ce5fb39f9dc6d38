"""Passkeys in a real browser, with a virtual authenticator: making one, signing in with it, and what goes wrong."""

from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.authenticators import VirtualAuthenticator, authenticator
from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.browser.signing_on import STALE, press, registered, see, sign_in, sign_on
from tests.support.services import PASSWORD, bearer
from tests.support.stack import Stack

CREATE = """async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({publicKey})).toJSON();
}"""
WITHOUT_OFFERS = "delete PublicKeyCredential.isConditionalMediationAvailable"
"""A browser that offers no passkeys where it fills in the username."""
WITHOUT_PASSKEYS = "delete window.PublicKeyCredential"
USE = "Use a passkey"
CANCELLED = "No passkey was used. Try again, or go on without one."


async def add_passkey(page: Page, running: Stack, username: str) -> dict[str, Any]:
    """Make a passkey in this browser and add it to the account by the API. Returns what the service answered, with the
    header fields of the token that did it."""
    tokens = await sign_in(running, username)
    headers = bearer(tokens.json()["access_token"])
    async with httpx.AsyncClient(base_url=running.identity, trust_env=False, headers=headers) as http:
        options = await http.post("/users/me/passkeys/options")
        await page.goto(f"{running.identity}/sign-up")
        credential = await page.evaluate(CREATE, options.json()["public_key"])
        answer = await http.post("/users/me/passkeys", json={"credential": credential})
    assert answer.status_code == 201, answer.text
    return {**answer.json(), "headers": headers}


async def with_passkey(page: Page, running: Stack, **options: Any) -> tuple[str, VirtualAuthenticator]:
    """A person whose passkey is in this browser, and the authenticator that holds it."""
    username, holder = await registered(running), await authenticator(page, **options)
    await add_passkey(page, running, username)
    (credential,) = await holder.credentials()
    assert (credential["isResidentCredential"], credential["rpId"]) == (True, "localhost")
    return username, holder


async def send_password(page: Page, running: Stack, username: str) -> None:
    """Get as far as the page that asks for the second factor."""
    await page.goto(f"{running.identity}/sign-in")
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await press(page, "Sign in", "One more step")


async def sign_out(page: Page, running: Stack) -> None:
    await page.goto(f"{running.identity}/sign-out")
    await press(page, "Sign out", "You are signed out")


async def test_a_person_signs_in_with_a_passkey_alone(running: Stack, browser: Browser) -> None:
    async with opened(browser, running.identity) as page:
        username, holder = await with_passkey(page, running)
        for count in (2, 3):
            # The browser offers it where it fills in the username; automatic presence takes the offer.
            await page.goto(f"{running.identity}/sign-in")
            await see(page, "Your account")
            await expect(page.get_by_label("Username")).to_have_value(username)
            await sign_out(page, running)
            assert (await holder.credentials())[0]["signCount"] == count


async def test_a_person_presses_the_button(running: Stack, browser: Browser) -> None:
    async with opened(browser, running.identity) as page:
        await with_passkey(page, running)
        await page.add_init_script(WITHOUT_OFFERS)
        await page.goto(f"{running.identity}/sign-in")
        await see(page, "Sign in")
        await press(page, USE, "Your account")


async def test_a_passkey_is_the_second_factor_after_the_password(running: Stack, browser: Browser) -> None:
    async with opened(browser, running.identity) as page:
        username, _ = await with_passkey(page, running)
        await page.add_init_script(WITHOUT_OFFERS)
        await send_password(page, running, username)
        await press(page, USE, "Your account")


async def test_a_person_shows_the_passkey_again_for_something_important(running: Stack, browser: Browser) -> None:
    async with opened(browser, running.identity) as page:
        await with_passkey(page, running)
        await page.add_init_script(WITHOUT_OFFERS)
        await page.goto(f"{running.identity}/sign-in")
        await press(page, USE, "Your account")
        await running.databases.execute("identity_owner", STALE)
        await page.goto(f"{running.identity}/account/delete")
        await see(page, "Sign in")
        await press(page, USE, "Delete your account")


async def test_a_prompt_that_leads_to_nothing_leaves_the_page_as_it_is(running: Stack, browser: Browser) -> None:
    async with opened(browser, running.identity) as page:
        username, holder = await with_passkey(page, running)
        await page.add_init_script(WITHOUT_OFFERS)
        await page.goto(f"{running.identity}/sign-in")
        await page.get_by_label("Username or e-mail address").fill(username)
        await holder.verifies_nobody()
        for _ in range(2):
            await page.get_by_role("button", name=USE).click()
            await expect(page.get_by_text(CANCELLED)).to_be_visible()
        await expect(page.get_by_label("Username or e-mail address")).to_have_value(username)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Sign in", "One more step")
        await page.get_by_role("button", name=USE).click()
        await expect(page.get_by_text(CANCELLED)).to_be_visible()
        await holder.verifies_the_person()
        await press(page, USE, "Your account")


async def test_a_passkey_that_was_removed_signs_nobody_in_and_the_password_does(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, running.identity) as page:
        await authenticator(page)
        username = await registered(running)
        added = await add_passkey(page, running, username)
        async with httpx.AsyncClient(base_url=running.identity, trust_env=False, headers=added["headers"]) as http:
            removal = await http.delete(f"/users/me/passkeys/{added['passkey']['id']}")
        assert removal.status_code == 204, removal.text
        await page.add_init_script(WITHOUT_OFFERS)
        await page.goto(f"{running.identity}/sign-in")
        await press(page, USE, "Sign in")
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.get_by_role("alert")).to_contain_text("The passkey could not be verified")
        await sign_on(page, running, username)


async def test_an_authenticator_makes_no_second_passkey_for_an_account(running: Stack, browser: Browser) -> None:
    async with opened(browser, running.identity) as page:
        _, holder = await with_passkey(page, running)
        await page.add_init_script(WITHOUT_OFFERS)
        await page.goto(f"{running.identity}/sign-in")
        await press(page, USE, "Your account")
        await page.goto(f"{running.identity}/account/security/passkeys")
        await page.get_by_role("button", name="Add the passkey").click()
        await expect(page.get_by_text("This device has a passkey of your account already.")).to_be_visible()
        assert len(await holder.credentials()) == 1


@pytest.mark.parametrize("has_javascript", [True, False])
async def test_a_browser_without_passkeys_sees_nothing_of_them(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    async with opened(browser, running.identity, java_script_enabled=has_javascript) as page:
        await page.add_init_script(WITHOUT_PASSKEYS)
        await page.goto(f"{running.identity}/sign-in")
        await expect(page.get_by_role("button")).to_have_text(["Sign in"])
        await sign_on(page, running, await registered(running))


async def test_the_pages_that_ask_for_a_passkey_have_no_barrier_and_fit_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect
) -> None:
    for look in LOOKS:
        async with opened(browser, running.identity, **look) as page:
            username, holder = await with_passkey(page, running)
            await page.add_init_script(WITHOUT_OFFERS)
            await holder.verifies_nobody()
            await page.goto(f"{running.identity}/sign-in")
            await page.get_by_role("button", name=USE).click()
            await expect(page.get_by_text(CANCELLED)).to_be_visible()
            await inspect(page, "sign-in-by-passkey")
            await send_password(page, running, username)
            await expect(page.get_by_role("button", name=USE)).to_be_visible()
            await inspect(page, "second-factor-by-passkey")
