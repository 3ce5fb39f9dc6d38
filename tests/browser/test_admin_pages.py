"""The pages of the administration in a real browser, with and without JavaScript."""

import re
from asyncio import Event
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Locator, Page, Response, Route, expect

from identity_service.pages.admin.navigation import SECTIONS
from tests.browser.administering import administering, enter
from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.browser.signing_on import STALE, is_live, press, registered, see, sign_in
from tests.support.person import Person
from tests.support.services import PASSWORD
from tests.support.stack import Stack

ID = "SELECT id FROM identity.users WHERE username = $1"
ACTIVE = "SELECT is_active FROM identity.users WHERE username = $1"
SEARCH = "Beginning of the username or the e-mail address"
MOST_TABS = 80

with_and_without_javascript = pytest.mark.parametrize("has_javascript", [True, False])
each_host = pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["another port", "another site"])


async def account_of(running: Stack, username: str) -> str:
    """The path of the page of this account."""
    ((user_id,),) = await running.databases.fetch("identity_owner", ID, username)
    return f"/admin/ui/users/{user_id}"


async def is_active(running: Stack, username: str) -> bool:
    ((active,),) = await running.databases.fetch("identity_owner", ACTIVE, username)
    return bool(active)


async def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until this has the focus, which can be seen."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if await target.evaluate("element => element === document.activeElement"):
            assert await target.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
            return
    raise AssertionError(f"{target} cannot be reached by Tab")


@with_and_without_javascript
async def test_an_administrator_finds_a_user_disables_the_account_and_sees_which_services_obey(
    running: Stack, browser: Browser, grace: Person, has_javascript: bool
) -> None:
    username = await registered(running)
    tokens = await sign_in(running, username)
    async with administering(browser, running, grace, java_script_enabled=has_javascript) as page:
        await page.get_by_label(SEARCH).fill(username[:6].upper())
        await page.get_by_label("State").select_option("Active")
        await page.get_by_role("button", name="Search").click()
        await expect(page).to_have_url(re.compile(r"\?q="))
        await page.get_by_role("link", name=username).click()
        await see(page, "Account")
        await page.get_by_role("link", name="Disable the account").click()
        await see(page, "Disable the account")
        await press(page, "Disable the account", "Account")
        await expect(page.get_by_role("status")).to_contain_text("Every service obeys.")
        await expect(page.get_by_text(re.compile(r"posts: obeyed after \d+ ms"))).to_be_visible()
        await expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
        await page.reload()
        await expect(page.get_by_text(re.compile(r"posts: obeyed after \d+ ms"))).to_be_visible()
        assert not await is_live(running, tokens)
        await page.get_by_role("link", name="Enable the account").click()
        await press(page, "Enable the account", "Account")
        await expect(page.get_by_text("Active", exact=True)).to_be_visible()


async def test_the_keyboard_alone_finds_a_user_and_disables_the_account(
    running: Stack, browser: Browser, grace: Person
) -> None:
    username = await registered(running)
    async with administering(browser, running, grace, java_script_enabled=False) as page:
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()
        await tab_to(page, page.get_by_label(SEARCH))
        await page.keyboard.type(username)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name=username)).to_be_visible()
        await tab_to(page, page.get_by_role("link", name=username))
        await page.keyboard.press("Enter")
        await see(page, "Account")
        await tab_to(page, page.get_by_role("link", name="Disable the account"))
        await page.keyboard.press("Enter")
        await see(page, "Disable the account")
        await tab_to(page, page.get_by_role("button", name="Disable the account"))
        await page.keyboard.press("Enter")
        await see(page, "Account")
    assert not await is_active(running, username)


async def test_the_list_follows_what_is_typed_and_nothing_of_it_stays_in_the_browser(
    running: Stack, browser: Browser, grace: Person
) -> None:
    username = await registered(running)
    async with administering(browser, running, grace) as page:
        field = page.get_by_label(SEARCH)
        await field.press_sequentially(username)
        await expect(page.get_by_role("row")).to_have_count(2)
        await expect(page.get_by_role("link", name=username)).to_be_visible()
        await expect(field).to_be_focused()
        await expect(page).to_have_url(re.compile(rf"/admin/ui/users\?q={username}&"))
        await page.get_by_role("link", name=username).click()
        await see(page, "Account")
        await page.go_back()
        await expect(page.get_by_role("row")).to_have_count(2)
        await expect(field).to_have_value(username)
        # htmx notes the address of the page, which the address bar shows, and nothing of its content.
        assert await page.evaluate("Object.entries({...localStorage, ...sessionStorage})") == [
            ["htmx-current-path-for-history", page.url.removeprefix(running.identity)]
        ]


async def test_the_list_follows_what_was_typed_before_its_script_was_there(
    running: Stack, browser: Browser, grace: Person
) -> None:
    username = await registered(running)
    async with opened(browser, running.identity) as page:
        has_typed = Event()

        async def come_late(route: Route) -> None:
            await has_typed.wait()
            await route.continue_()

        await page.context.route("**/htmx.min.*", come_late)
        await page.goto(f"{running.identity}/admin/ui")
        await enter(page, grace)
        await page.get_by_label(SEARCH).press_sequentially(username)
        await page.get_by_label("State").select_option("Active")
        async with page.expect_request(re.compile(rf"q={username}&role=&state=active$")) as following:
            has_typed.set()
        assert (await (await following.value).all_headers())["hx-request"] == "true"
        await expect(page.get_by_role("row")).to_have_count(2)
        await expect(page.get_by_role("link", name=username)).to_be_visible()
        await expect(page.get_by_label(SEARCH)).to_have_value(username)


async def test_a_search_after_the_sign_on_has_ended_leads_to_the_sign_in_and_back(
    running: Stack, browser: Browser, grace: Person
) -> None:
    async with administering(browser, running, grace) as page:
        await page.context.clear_cookies()
        await page.get_by_label(SEARCH).fill(grace.username)
        await see(page, "Sign in")
        await enter(page, grace)
        await see(page, "Users")
        await expect(page.get_by_label(SEARCH)).to_have_value(grace.username)
        await expect(page.get_by_role("row")).to_have_count(2)


async def test_a_form_comes_back_as_it_was_filled_in_after_a_sign_in_that_was_too_old(
    running: Stack, browser: Browser, grace: Person
) -> None:
    path = await account_of(running, await registered(running))
    async with administering(browser, running, grace, java_script_enabled=False) as page:
        await page.goto(f"{running.identity}{path}/roles")
        await page.get_by_label("moderator").check()
        await running.databases.execute("identity_owner", STALE)
        await press(page, "Save the roles", "Sign in")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Sign in", "Change the roles")
        await expect(page.get_by_label("moderator")).to_be_checked()
        await expect(page.get_by_text("user", exact=True).first).to_be_visible()
        await press(page, "Save the roles", "Account")
        await expect(page.get_by_text("moderator, user")).to_be_visible()


async def pages_of(page: Page, running: Stack, username: str) -> AsyncIterator[str]:
    """The names of the pages, each while it is open."""
    own, path = running.identity, await account_of(running, username)
    await page.goto(f"{own}/admin/ui/users?state=nonsense")
    yield "admin-users-with-errors"
    await page.goto(f"{own}{path}")
    yield "admin-user"
    for name in ("disable", "roles", "end-sessions", "password-reset", "reset-factors", "delete"):
        await page.goto(f"{own}{path}/{name}")
        yield f"admin-user-{name}"
    await press(page, "Delete the account", "Delete the account")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "admin-user-delete-with-errors"
    for section in SECTIONS:
        await page.goto(f"{own}{section.path}")
        yield f"admin-{section.name}"
    await page.goto(f"{own}{path}/disable")
    await press(page, "Disable the account", "Account")
    yield "admin-user-obeyed"
    await page.goto(f"{own}/admin/ui/no-such-page")
    yield "admin-no-page"
    await page.goto(f"{own}{path}/delete")
    await page.get_by_label("Username of the account").fill(username)
    await press(page, "Delete the account", "The account is deleted")
    yield "admin-user-deleted"


async def test_no_page_of_the_administration_has_a_barrier_and_each_fits_a_small_screen(
    running: Stack, browser: Browser, grace: Person, inspect: Inspect
) -> None:
    for look in LOOKS:
        username = await registered(running)
        await sign_in(running, username)
        async with administering(browser, running, grace, **look) as page:
            async for name in pages_of(page, running, username):
                await inspect(page, name)


@each_host
async def test_a_form_of_a_stranger_changes_no_account_and_no_page_is_shown_in_a_frame(
    running: Stack, browser: Browser, grace: Person, stranger: int, host: str
) -> None:
    username = await registered(running)
    path = await account_of(running, username)
    context = await browser.new_context()
    page = await context.new_page()
    statuses: list[int] = []

    def note(response: Response) -> None:
        if response.request.method == "POST":
            statuses.append(response.status)

    await page.goto(f"{running.identity}/admin/ui")
    await enter(page, grace)
    await see(page, "Users")
    etag = await _etag(page, f"{running.identity}{path}/disable")
    forms = {"disable": {"etag": etag}, "end-sessions": {}, "delete": {"confirmation": username}}
    page.on("response", note)
    for act, fields in forms.items():
        await page.goto(f"http://{host}:{stranger}{path}/{act}?{urlencode(fields)}")
        assert await page.frames[1].get_by_role("button").count() == 0
        await page.get_by_role("button").click()
        await see(page, "This did not work")
    assert statuses == [403] * len(forms)
    assert await is_active(running, username)
    # The same form counts on the page itself.
    await page.goto(f"{running.identity}{path}/disable")
    await press(page, "Disable the account", "Account")
    assert not await is_active(running, username)
    await context.close()


async def _etag(page: Page, url: str) -> str:
    await page.goto(url)
    return await page.locator("[name=etag]").input_value()


async def test_a_moderator_sees_that_the_pages_are_for_administrators(
    running: Stack, browser: Browser, moderator: Person
) -> None:
    async with opened(browser, running.identity) as page:
        await page.goto(f"{running.identity}/admin/ui/audit")
        await enter(page, moderator)
        await see(page, "This did not work")
        await expect(page.get_by_text("These pages are for administrators")).to_be_visible()
        await expect(page.get_by_role("navigation")).to_have_count(0)
        for path in ("/admin/ui", "/admin/ui/users", "/admin/ui/no-such-page"):
            answer = await page.goto(f"{running.identity}{path}")
            assert answer is not None
            assert answer.status == 403
