"""A session that ends is over in every tab of the browser: who signs out in one, or loses the session elsewhere."""

import asyncio
from functools import partial

import pytest
from playwright.async_api import Browser, Page, Request, expect

from tests.browser.members import Member, a_member, signed_in_as, write_post
from tests.browser.opening import opened
from tests.browser.post_pages import give_credentials, registered_person
from tests.support.person import Person
from tests.support.services import PASSWORD
from tests.support.stack import Stack
from tests.support.waiting import until

ANOTHER_TOKEN = """async () => {
    const { accessToken } = await import("/assets/session.js");
    return accessToken(await accessToken());
}"""
PLACES = ["/", "/about", "/mine", "/write"]


async def tabs_of(member: Member) -> list[Page]:
    """A tab of the member's browser for each place, in all of which the person is signed in."""
    tabs = [member.page, *[await member.page.context.new_page() for _ in PLACES[1:]]]
    for tab, path in zip(tabs, PLACES, strict=True):
        await tab.goto(f"{member.person.stack.posts}{path}")
        await expect(signed_in_as(tab, member.name)).to_be_visible()
    return tabs


async def see_nobody(tabs: list[Page], person: Person) -> None:
    for tab in tabs:
        navigation = tab.get_by_role("navigation", name="Your account")
        await expect(navigation.get_by_role("link", name="Sign in")).to_be_visible()
        await expect(tab.get_by_text(person.username)).to_have_count(0)


async def test_signing_out_in_one_tab_signs_out_every_tab(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, a_member(browser, ada, "/") as member:
        tabs = await tabs_of(member)
        await tabs[2].get_by_role("button", name="Sign out").click()
        await see_nobody(tabs, ada)
        await tabs[0].reload()
        await see_nobody(tabs, ada)


@pytest.mark.parametrize("end", ["everywhere", "banned"])
async def test_a_session_that_ends_elsewhere_is_over_in_every_tab(running: Stack, browser: Browser, end: str) -> None:
    async with registered_person(running, "ada") as ada, a_member(browser, ada, "/") as member:
        tabs = await tabs_of(member)
        if end == "banned":
            running.command("identity", "users", "disable", ada.username)
        else:
            answer = await ada.http.delete(f"{running.identity}/sessions", headers=ada.identity_headers)
            assert answer.status_code in (200, 204), answer.text
        await see_nobody(tabs, ada)


async def test_a_lost_role_is_lost_in_every_tab(running: Stack, browser: Browser) -> None:
    async with (
        registered_person(running, "grace", "moderator") as grace,
        a_member(browser, grace, "/") as member,
    ):
        tabs = await tabs_of(member)
        for tab in tabs:
            await expect(tab.get_by_role("link", name="Moderation")).to_be_visible()
        running.command("identity", "users", "set-roles", grace.username, "user")
        for tab in tabs:
            await expect(tab.get_by_role("link", name="Moderation")).to_have_count(0)
            await expect(signed_in_as(tab, grace.username)).to_be_visible()


async def test_a_deleted_account_is_signed_out_in_every_tab_and_its_posts_leave_the_home_page(
    running: Stack, browser: Browser
) -> None:
    async with registered_person(running, "ada") as ada, a_member(browser, ada, "/") as member:
        post = await write_post(ada, "Soon gone")
        tabs = await tabs_of(member)
        link = member.page.locator(f'a[href="/p/{post["slug"]}"]')
        await member.page.reload()
        await expect(link).to_be_visible()
        body = {"password": PASSWORD}
        answer = await ada.http.request(
            "DELETE", f"{running.identity}/users/me", json=body, headers=ada.identity_headers
        )
        assert answer.status_code in (200, 202, 204), answer.text
        await see_nobody(tabs[1:], ada)

        async def is_gone() -> bool:
            await member.page.reload()
            return await link.count() == 0

        await until(is_gone)
        await see_nobody(tabs, ada)


async def test_another_person_in_one_tab_is_the_person_of_every_tab(running: Stack, browser: Browser) -> None:
    async with (
        registered_person(running, "ada") as ada,
        registered_person(running, "bob") as bob,
        a_member(browser, ada, "/") as member,
    ):
        tabs = await tabs_of(member)
        await member.press("Sign out")
        await see_nobody(tabs, ada)
        await member.page.get_by_role("link", name="Sign in").click()
        await give_credentials(member.page, bob.username)
        for tab in tabs:
            await expect(signed_in_as(tab, bob.username)).to_be_visible()
            await expect(tab.get_by_text(ada.username)).to_have_count(0)


async def test_tabs_ask_for_one_token_at_a_time(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, a_member(browser, ada, "/") as member:
        tabs = await tabs_of(member)
        order: list[str] = []

        def note(event: str, request: Request) -> None:
            if request.url.endswith("/auth/token"):
                order.append(event)

        for tab in tabs:
            tab.on("request", partial(note, "asked"))
            tab.on("requestfinished", partial(note, "answered"))
        assert all(await asyncio.gather(*(tab.evaluate(ANOTHER_TOKEN) for tab in tabs)))
        assert order
        assert order[0::2] == ["asked"] * (len(order) // 2)
        assert order[1::2] == ["answered"] * (len(order) // 2)


async def test_nobody_who_is_not_signed_in_asks_for_a_token(running: Stack, browser: Browser) -> None:
    async with opened(browser, running.posts) as page:
        urls: list[str] = []
        page.on("request", lambda request: urls.append(request.url))
        for path in PLACES:
            await page.goto(f"{running.posts}{path}")
            await expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
        await page.wait_for_load_state("networkidle")
        assert [url for url in urls if "/auth/" in url] == []
