"""What a person signs in with beside the password, on pages in a real browser, with and without JavaScript."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.authenticators import authenticator
from tests.browser.barriers import LOOKS, Inspect
from tests.browser.members import signed_in_as
from tests.browser.opening import opened
from tests.browser.post_pages import give_credentials
from tests.browser.signing_on import is_live, press, registered, see, sign_in, sign_on
from tests.identity.second_factors import App
from tests.support.services import unique
from tests.support.stack import Stack

STRICT = """
    WITH strict AS (INSERT INTO identity.roles VALUES ($1, 'Needs more than a password', true) RETURNING name)
    INSERT INTO identity.user_roles SELECT id, name FROM identity.users, strict WHERE username = $2
"""
"""A role that requires a second factor, which a person is given."""

with_and_without_javascript = pytest.mark.parametrize("has_javascript", [True, False])


async def app_on(page: Page) -> App:
    """An app into which a person has typed the key on the page."""
    secret = (await page.locator("code.secret").inner_text()).replace(" ", "")
    return App(base64.b32decode(secret))


async def connect_app(page: Page) -> list[str]:
    """Add an app, which is the first factor, and return the recovery codes."""
    await page.get_by_role("link", name="Add an authenticator app").click()
    await press(page, "Go on", "Connect the app")
    app = await app_on(page)
    await page.get_by_label("Code", exact=True).fill(app.code(datetime.now(UTC)))
    await press(page, "Connect the app", "Your recovery codes")
    return (await page.locator("pre.codes").inner_text()).split()


@with_and_without_javascript
async def test_a_person_adds_an_app_keeps_the_codes_and_is_signed_out_elsewhere(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    username = await registered(running)
    tokens = await sign_in(running, username)
    async with opened(browser, running.identity, java_script_enabled=has_javascript) as page:
        await sign_on(page, running, username)
        await page.get_by_role("link", name="Authenticator app and passkeys").click()
        await page.get_by_role("link", name="Add an authenticator app").click()
        await press(page, "Go on", "Connect the app")
        await expect(page.get_by_role("img", name="A QR code")).to_be_visible()
        key = await page.locator("code.secret").inner_text()
        await page.reload()
        await expect(page.locator("code.secret")).to_have_text(key)
        app = await app_on(page)
        await page.get_by_label("Code", exact=True).fill(app.code(datetime.now(UTC), steps=9))
        await page.get_by_label("Code", exact=True).press("Enter")
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.get_by_role("alert").get_by_role("link").click()
        await expect(page.get_by_label("Code", exact=True)).to_be_focused()
        await page.get_by_label("Code", exact=True).fill(app.code(datetime.now(UTC)))
        await page.get_by_label("Code", exact=True).press("Enter")
        await see(page, "Your recovery codes")
        assert len((await page.locator("pre.codes").inner_text()).split()) == 10
        await page.get_by_role("link", name="How you sign in").click()
        await expect(page.get_by_text("10 unused codes are left.")).to_be_visible()
    assert not await is_live(running, tokens)


@with_and_without_javascript
async def test_a_person_renews_the_codes_and_removes_the_app(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    username = await registered(running)
    async with opened(browser, running.identity, java_script_enabled=has_javascript) as page:
        await sign_on(page, running, username)
        await page.goto(f"{running.identity}/account/security")
        former = await connect_app(page)
        await page.get_by_role("link", name="How you sign in").click()
        await page.get_by_role("link", name="Make new recovery codes").click()
        await press(page, "Make new codes", "Your recovery codes")
        assert set((await page.locator("pre.codes").inner_text()).split()).isdisjoint(former)
        await page.get_by_role("link", name="How you sign in").click()
        await page.get_by_role("link", name="Remove the authenticator app").click()
        await expect(page.get_by_text("whoever learns your password can sign in")).to_be_visible()
        await press(page, "Remove the app", "How you sign in")
        await expect(page.get_by_role("status")).to_have_text("The authenticator app is removed")
        await expect(page.get_by_role("heading", name="Recovery codes")).to_have_count(0)


@with_and_without_javascript
async def test_the_form_for_passkeys_is_there_only_with_javascript(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    username = await registered(running)
    async with opened(browser, running.identity, java_script_enabled=has_javascript) as page:
        await sign_on(page, running, username)
        await page.goto(f"{running.identity}/account/security/passkeys")
        await expect(page.get_by_role("button", name="Add the passkey")).to_be_visible(visible=has_javascript)
        await expect(page.get_by_text("Your browser cannot make passkeys here.")).to_be_visible(
            visible=not has_javascript
        )


async def test_a_person_adds_renames_and_removes_a_passkey_by_the_keyboard(running: Stack, browser: Browser) -> None:
    username = await registered(running)
    async with opened(browser, running.identity) as page:
        await authenticator(page)
        await sign_on(page, running, username)
        await page.goto(f"{running.identity}/account/security")
        await page.get_by_role("link", name="Add a passkey").press("Enter")
        await page.get_by_label("Name", exact=True).fill("Telephone")
        await page.get_by_label("Name", exact=True).press("Enter")
        await see(page, "Your recovery codes")
        await page.get_by_role("link", name="How you sign in").press("Enter")
        await expect(page.get_by_role("listitem").get_by_text("Telephone")).to_be_visible()
        await page.get_by_role("link", name="Add, rename or remove passkeys").press("Enter")
        # This device has one already.
        await page.get_by_role("button", name="Add the passkey").press("Enter")
        await expect(page.get_by_text("This device has a passkey of your account already.")).to_be_visible()
        await page.get_by_role("link", name="Rename Telephone").press("Enter")
        await page.get_by_label("Name").fill("Key")
        await page.get_by_label("Name").press("Enter")
        await expect(page.get_by_role("status")).to_have_text("The passkey has another name")
        await page.get_by_role("link", name="Add, rename or remove passkeys").press("Enter")
        await page.get_by_role("link", name="Remove Key").press("Enter")
        await expect(page.get_by_text("whoever learns your password can sign in")).to_be_visible()
        await page.get_by_role("button", name="Remove the passkey").press("Enter")
        await expect(page.get_by_role("status")).to_have_text("The passkey is removed")


async def test_a_person_who_must_have_a_factor_adds_one_on_the_way_to_an_application(
    running: Stack, browser: Browser
) -> None:
    username = await registered(running)
    await running.databases.execute("identity_owner", STRICT, unique("strict"), username)
    async with opened(browser, (running.posts, running.identity)) as page:
        await page.goto(f"{running.posts}/mine")
        await page.get_by_role("link", name="Sign in").first.click()
        await give_credentials(page, username)
        await see(page, "How you sign in")
        await expect(page.get_by_text("needs more than a password")).to_be_visible()
        await connect_app(page)
        await page.get_by_role("link", name="Go on where you were").click()
        await expect(signed_in_as(page, username)).to_be_visible()
        assert page.url == f"{running.posts}/mine"


async def pages_of(page: Page, running: Stack, username: str) -> AsyncIterator[str]:
    """The names of the pages, each while it is open."""
    security = f"{running.identity}/account/security"
    await sign_on(page, running, username)
    await page.goto(security)
    yield "security"
    await page.goto(f"{security}/passkeys")
    yield "security-passkeys"
    await authenticator(page)
    await press(page, "Add the passkey", "Your recovery codes")
    yield "security-recovery-codes-made"
    await page.goto(f"{security}/passkeys")
    yield "security-passkeys-with-one"
    await page.get_by_role("link", name="Rename").click()
    await see(page, "Rename the passkey")
    yield "security-passkey"
    await page.goto(f"{security}/passkeys")
    await page.get_by_role("link", name="Remove").click()
    await see(page, "Remove the passkey?")
    yield "security-passkey-removal"
    await page.goto(f"{security}/authenticator")
    yield "security-authenticator"
    await press(page, "Go on", "Connect the app")
    yield "security-authenticator-code"
    await press(page, "Connect the app", "Connect the app")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "security-authenticator-code-with-errors"
    await page.get_by_label("Code", exact=True).fill((await app_on(page)).code(datetime.now(UTC)))
    await press(page, "Connect the app", "How you sign in")
    yield "security-with-both"
    for name in ("recovery-codes", "authenticator/removal"):
        await page.goto(f"{security}/{name}")
        yield f"security-{name.replace('/', '-')}"


async def test_no_page_has_a_barrier_and_each_fits_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect
) -> None:
    for look in LOOKS:
        username = await registered(running)
        async with opened(browser, running.identity, **look) as page:
            async for name in pages_of(page, running, username):
                await inspect(page, name)
