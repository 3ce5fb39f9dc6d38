"""An application asks for more than a password: the person adds what is missing, or uses it, and comes back with the
same session. Both services are processes of their own."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.authenticators import authenticator
from tests.browser.barriers import Inspect, inspect_in_every_look
from tests.browser.members import Member, a_member, signed_in_as
from tests.browser.post_pages import registered_person
from tests.browser.signing_on import press, see
from tests.browser.test_security_pages import connect_app
from tests.support.stack import Stack, stack

STRONGER = "A stronger sign-in is needed"
GO_ON = "Go on where you were"
SESSIONS = (
    "SELECT sessions.id::text, username FROM identity.sessions JOIN identity.users ON users.id = user_id"
    " WHERE client_id = 'posts-pages' AND ended_at IS NULL"
)
# As if the person had used an app, and no passkey.
LOWER = "UPDATE identity.sign_ons SET acr = 'mfa', amr = '{pwd,otp,mfa}'"
TOKEN = "import('/assets/session.js').then(({ accessToken }) => accessToken())"
WITHOUT_PASSKEYS = "delete window.PublicKeyCredential"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"POSTS_MODERATION_ACR": "mfa", "IDENTITY_BCRYPT_ROUNDS": "4"}
    with stack(tmp_path_factory.mktemp("stronger"), **settings) as running:
        yield running


async def claims(page: Page) -> dict[str, Any]:
    """What the access token of a page of posts says."""
    part = str(await page.evaluate(TOKEN)).split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


async def sessions(running: Stack, username: str) -> list[str]:
    rows = await running.databases.fetch("identity_app", SESSIONS)
    return [row["id"] for row in rows if row["username"] == username]


async def test_a_moderator_without_a_second_factor_adds_one_and_moderates_with_the_same_session(
    running: Stack, browser: Browser
) -> None:
    async with registered_person(running, "grace", "moderator") as grace, a_member(browser, grace, "/mine") as member:
        page = member.page
        before = await claims(page)
        assert before["acr"] == "pwd"
        await member.go("/moderation")
        link = page.get_by_role("link", name="Sign in once more")
        assert await link.get_attribute("href") == "/auth/start?return=%2Fmoderation&acr_values=mfa"
        await link.click()
        await see(page, STRONGER)
        await page.get_by_role("link", name="Add a second factor").click()
        await connect_app(page)
        await page.get_by_role("link", name=GO_ON).click()
        await expect(page.get_by_text("Nothing is reported.")).to_be_visible()
        assert page.url == f"{running.posts}/moderation"
        after = await claims(page)
        assert (after["sid"], after["acr"], after["amr"]) == (before["sid"], "mfa", ["pwd", "otp", "mfa"])
        assert await sessions(running, grace.username) == [before["sid"]]
        # It stays so: the pages refresh the same session.
        await page.reload()
        await expect(page.get_by_text("Nothing is reported.")).to_be_visible()


async def test_who_does_not_want_to_goes_back_signed_in(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "grace", "moderator") as grace, a_member(browser, grace, "/mine") as member:
        before = await claims(member.page)
        await member.go("/auth/start?return=/moderation&acr_values=mfa")
        await see(member.page, STRONGER)
        await member.page.get_by_role("button", name="without it").click()
        await expect(member.page.get_by_text("You are still signed in as before")).to_be_visible()
        await member.page.get_by_role("link", name="Go to the front page").click()
        await expect(signed_in_as(member.page, member.name)).to_be_visible()
        assert (await claims(member.page))["sid"] == before["sid"]


async def add_passkey(member: Member) -> None:
    """Be asked for a passkey, and add one on the way."""
    await member.go("/auth/start?return=/mine&acr_values=phr")
    await see(member.page, STRONGER)
    await member.page.get_by_role("link", name="Add a passkey").click()
    await press(member.page, "Add the passkey", "Your recovery codes")
    await member.page.get_by_role("link", name=GO_ON).click()
    await expect(signed_in_as(member.page, member.name)).to_be_visible()
    assert member.page.url == f"{member.person.stack.posts}/mine"


async def test_a_person_adds_a_passkey_on_the_way_and_later_uses_it(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, a_member(browser, ada, "/mine") as member:
        await authenticator(member.page)
        before = await claims(member.page)
        await add_passkey(member)
        assert (await claims(member.page))["acr"] == "phr"
        await running.databases.execute("identity_app", LOWER)
        await member.go("/auth/start?return=/mine&acr_values=phr")
        await see(member.page, STRONGER)
        await member.page.get_by_role("button", name="Use a passkey").click()
        await expect(signed_in_as(member.page, member.name)).to_be_visible()
        after = await claims(member.page)
        assert (after["sid"], after["acr"], after["auth_time"] > before["auth_time"]) == (before["sid"], "phr", True)
        assert await sessions(running, ada.username) == [before["sid"]]


@pytest.mark.parametrize("has_javascript", [True, False])
async def test_a_browser_that_has_no_passkeys_says_so_and_leads_back(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    async with registered_person(running, "ada") as ada, a_member(browser, ada, "/mine") as member:
        await authenticator(member.page)
        await add_passkey(member)
        await running.databases.execute("identity_app", LOWER)
        state = await member.page.context.storage_state()
        context = await browser.new_context(storage_state=state, java_script_enabled=has_javascript)
        await context.add_init_script(WITHOUT_PASSKEYS)
        page = await context.new_page()
        await page.goto(f"{running.posts}/auth/start?return=/mine&acr_values=phr")
        await see(page, STRONGER)
        await expect(page.get_by_text("Your browser cannot use passkeys here.")).to_be_visible()
        await expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
        await page.get_by_role("button", name="without it").click()
        await expect(page.get_by_text("You are still signed in as before")).to_be_visible()
        await context.close()


async def test_the_page_has_no_barrier_and_fits_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect
) -> None:
    async with registered_person(running, "ada") as ada, a_member(browser, ada, "/mine") as member:
        await authenticator(member.page)
        await member.go("/auth/start?return=/mine&acr_values=mfa")
        await see(member.page, STRONGER)
        await inspect_in_every_look(member.page, "stronger", inspect)
        await add_passkey(member)
        await running.databases.execute("identity_app", LOWER)
        await member.go("/auth/start?return=/mine&acr_values=phr")
        await see(member.page, STRONGER)
        await inspect_in_every_look(member.page, "stronger-passkey", inspect)
