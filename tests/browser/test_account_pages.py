"""The sign-on and the pages of an account in a real browser, with and without JavaScript."""

import asyncio
import re
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Page, Response, expect

from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.browser.signing_on import STALE, is_live, press, registered, see, sign_in, sign_on
from tests.identity.mailbox import token_in_letter
from tests.support.services import PASSWORD
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS

OTHER = "paper clouds over Turin"

with_and_without_javascript = pytest.mark.parametrize("has_javascript", [True, False])


@with_and_without_javascript
async def test_a_person_signs_in_after_a_wrong_password_changes_the_names_and_signs_out(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    own, username = running.identity, await registered(running)
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await page.goto(f"{own}/account")
        await see(page, "Sign in")
        await page.get_by_label("Username or e-mail address").fill(username)
        await page.get_by_label("Password", exact=True).fill(OTHER)
        await press(page, "Sign in", "Sign in")
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.get_by_label("Password", exact=True)).to_have_value("")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Sign in", "Your account")
        await page.get_by_label("Full name (optional)").fill("Ada Lovelace")
        await press(page, "Save", "Your account")
        await page.reload()
        await expect(page.get_by_label("Full name (optional)")).to_have_value("Ada Lovelace")
        await page.get_by_role("link", name="Sign out").click()
        await press(page, "Sign out", "You are signed out")
        await page.go_back()
        await page.goto(f"{own}/account/email")
        await see(page, "Sign in")


@with_and_without_javascript
async def test_a_person_changes_the_address_by_the_link_in_a_letter(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    own, username = running.identity, await registered(running)
    email = f"{username}@other.example"
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await sign_on(page, running, username)
        await page.get_by_role("link", name="Change your e-mail address").click()
        await expect(page.get_by_text("Not verified yet")).to_be_visible()
        await page.get_by_label("E-mail address").fill("nonsense")
        await press(page, "Send the link", "Your e-mail address")
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.get_by_label("E-mail address").fill(email)
        await press(page, "Send the link", "Check your e-mail")
        token = await token_in_letter(running.home / "mail", email, "/confirm-address")
        await page.goto(f"{own}/confirm-address/{token}")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Change the address", "Your address is changed")
        await page.get_by_role("link", name="Your account").click()
        await page.get_by_role("link", name="Change your e-mail address").click()
        await expect(page.get_by_text(email)).to_be_visible()
        await expect(page.get_by_text("Verified", exact=True)).to_be_visible()


@with_and_without_javascript
async def test_a_person_changes_the_password_and_stays_signed_in_here_alone(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    own, username = running.identity, await registered(running)
    tokens = await sign_in(running, username)
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await sign_on(page, running, username)
        await page.get_by_role("link", name="Change your password").click()
        await page.get_by_label("Current password").fill(OTHER)
        await page.get_by_label("New password").fill(OTHER)
        await press(page, "Change the password", "Change your password")
        await page.get_by_role("alert").get_by_role("link").click()
        await expect(page.get_by_label("Current password")).to_be_focused()
        await page.get_by_label("Current password").fill(PASSWORD)
        await page.get_by_label("New password").fill(OTHER)
        await press(page, "Change the password", "Your password is changed")
        await page.get_by_role("link", name="Your account").click()
        await see(page, "Your account")
    assert not await is_live(running, tokens)
    assert [(await sign_in(running, username, word)).status_code for word in (PASSWORD, OTHER)] == [400, 200]


@with_and_without_javascript
async def test_a_person_ends_a_device_and_sees_which_services_obey(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    own, username = running.identity, await registered(running)
    earlier, latest = await sign_in(running, username), await sign_in(running, username)
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await sign_on(page, running, username)
        await page.get_by_role("link", name="Devices where you are signed in").click()
        await expect(page.get_by_text("You are using it now.")).to_have_count(1)
        # The one that was used last is the first.
        await page.get_by_role("button", name="Sign out there python-httpx").first.click()
        await see(page, "Signed out")
        await expect(page.get_by_text(re.compile(r"posts: obeyed after \d+ ms"))).to_be_visible()
        assert [await is_live(running, each) for each in (latest, earlier)] == [False, True]
        await page.reload()
        await page.get_by_role("link", name="Devices where you are signed in").click()
        await page.get_by_role("link", name="Sign out everywhere else").click()
        await press(page, "Sign out everywhere else", "Signed out")
        assert not await is_live(running, earlier)
        await page.get_by_role("link", name="Devices where you are signed in").click()
        await expect(page.get_by_role("button")).to_have_count(0)


@with_and_without_javascript
async def test_a_person_deletes_the_account_and_sees_the_other_service_erase(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    own, username = running.identity, await registered(running)
    tokens = await sign_in(running, username)
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await sign_on(page, running, username)
        await page.get_by_role("link", name="Delete your account").click()
        await page.get_by_label("Your username").fill("somebody")
        await press(page, "Delete the account", "Delete your account")
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.get_by_label("Your username").fill(username)
        await press(page, "Delete the account", "Your account is deleted")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await page.get_by_text("posts: has erased").count() == 0:
                await page.reload()
        await page.goto(f"{own}/account")
        await see(page, "Sign in")
    assert not await is_live(running, tokens)
    assert (await sign_in(running, username)).status_code == 400


async def test_a_change_asks_for_a_fresh_sign_in_and_comes_back_to_its_page(running: Stack, browser: Browser) -> None:
    own, username = running.identity, await registered(running)
    async with opened(browser, own, java_script_enabled=False) as page:
        await sign_on(page, running, username)
        await page.goto(f"{own}/account/delete")
        await running.databases.execute("identity_owner", STALE)
        await page.get_by_label("Your username").fill(username)
        await press(page, "Delete the account", "Sign in")
        await expect(page.get_by_label("Username", exact=True)).to_have_value(username)
        await page.get_by_label("Password", exact=True).fill(OTHER)
        await press(page, "Sign in", "Sign in")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Sign in", "Delete your account")
        await expect(page.get_by_label("Your username")).to_have_value("")
    assert (await sign_in(running, username)).status_code == 200


async def pages_of(page: Page, running: Stack, username: str) -> AsyncIterator[str]:
    """The names of the pages, each while it is open, from the sign-in to the end of the account."""
    own = running.identity
    await page.goto(f"{own}/sign-in")
    yield "sign-in"
    await press(page, "Sign in", "Sign in")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "sign-in-with-errors"
    await sign_on(page, running, username)
    yield "account"
    for name in ("email", "password", "devices", "delete"):
        await page.goto(f"{own}/account/{name}")
        yield f"account-{name}"
    await press(page, "Delete the account", "Delete your account")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "account-delete-with-errors"
    await page.goto(f"{own}/account/devices/others")
    await press(page, "Sign out everywhere else", "Signed out")
    yield "account-ended"
    await running.databases.execute("identity_owner", STALE)
    await page.goto(f"{own}/account/delete")
    yield "sign-in-again"
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await press(page, "Sign in", "Delete your account")
    await page.get_by_label("Your username").fill(username)
    await press(page, "Delete the account", "Your account is deleted")
    yield "account-deleted"


async def test_no_page_of_an_account_has_a_barrier_and_each_fits_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect
) -> None:
    for look in LOOKS:
        username = await registered(running)
        await sign_in(running, username)
        async with opened(browser, running.identity, **look) as page:
            async for name in pages_of(page, running, username):
                await inspect(page, name)


FORMS = {
    "account/password": {"current_password": PASSWORD, "new_password": OTHER},
    "account/email": {"email": "planted@example.com"},
    "account/devices/others": {},
    "account/applications": {"client_id": "notes"},
    "consent": {"choice": "allow"},
}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["another port", "another site"])
async def test_a_form_of_a_stranger_changes_nothing_of_a_person_who_is_signed_on(
    running: Stack, browser: Browser, stranger: int, host: str
) -> None:
    username = await registered(running)
    tokens = await sign_in(running, username)
    context = await browser.new_context()
    page = await context.new_page()
    statuses: list[int] = []

    def note(response: Response) -> None:
        if response.request.method == "POST":
            statuses.append(response.status)

    await sign_on(page, running, username)
    page.on("response", note)
    for path, fields in FORMS.items():
        await page.goto(f"http://{host}:{stranger}/{path}?{urlencode(fields)}")
        assert await page.frames[1].get_by_role("button").count() == 0
        await press(page, "Send", "This did not work")
    assert statuses == [403] * len(FORMS)
    await context.close()
    assert await is_live(running, tokens)
    assert (await sign_in(running, username)).status_code == 200
    mine = "SELECT email FROM identity.users WHERE username = $1"
    rows = await running.databases.fetch("identity_owner", mine, username)
    assert [row["email"] for row in rows] == [f"{username}@example.com"]
