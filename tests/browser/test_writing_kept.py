"""A text that is being written is kept in the browser until it is sent, for its writer alone."""

import json
import re
from base64 import urlsafe_b64decode

from playwright.async_api import Browser, Page, expect

from tests.browser.opening import opened
from tests.browser.signing_on import see
from tests.browser.writing import (
    KEPT_TEXT_NOTICE,
    access_token,
    kept_texts,
    press,
    see_fields,
    see_kept,
    see_status,
    sign_in_again,
    write,
    writer_at,
)
from tests.support.services import unique
from tests.support.stack import Stack

LOCAL = "http://localhost:"
TEXT = {"title": "Secret engines", "body": "A *secret* body", "summary": "Secret, in short", "tags": "secret"}
FILL = """() => {
  for (let size = 5_000_000; size >= 1; size = Math.floor(size / 2)) {
    try { localStorage.setItem(`full ${size}`, "x".repeat(size)); } catch {}
  }
}"""
EMPTY = "for (const name of Object.keys(localStorage)) if (name.startsWith('full')) localStorage.removeItem(name)"


async def sign_out(page: Page, running: Stack) -> None:
    """Sign out on this page of posts, and so at identity."""
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(f"{running.posts}/")
    await expect(page.get_by_role("link", name="Sign in")).to_be_visible()


async def test_a_text_is_there_after_a_reload_and_gone_when_it_is_published(running: Stack, browser: Browser) -> None:
    title = unique("On engines")
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await write(page, **TEXT)
        await see_kept(page, 1)
        await page.reload()
        await see_status(page, KEPT_TEXT_NOTICE)
        await see_fields(page, **TEXT)
        await expect(page.get_by_role("region", name="Preview").locator("em")).to_have_text("secret")
        await write(page, title=title)
        await press(page, "Publish")
        await see(page, title)
        await see_kept(page, 0)


async def test_a_change_of_a_post_is_there_after_a_reload_and_on_the_page_of_this_post_alone(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await write(page, title=unique("On engines"), body="One.")
        await press(page, "Publish")
        await page.wait_for_url("**/p/on-engines*")
        path = page.url
        await page.goto(f"{path}/edit")
        await write(page, body="Two.")
        await see_kept(page, 1)
        await page.goto(f"{running.posts}/write")
        await see_fields(page, body="")
        await page.goto(f"{path}/edit")
        await see_fields(page, body="Two.")
        # What is as it was is no change.
        await write(page, body="One.")
        await see_kept(page, 0)


async def test_who_signs_out_leaves_nothing_to_read_and_finds_the_text_again(running: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        ada = await writer_at(page, running)
        await write(page, **TEXT)
        await see_kept(page, 1)
        claims = (await access_token(page)).split(".")[1]
        ada_id = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
        await sign_out(page, running)
        await page.goto(f"{running.posts}/write")
        await expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_be_visible()
        await expect(page.get_by_label("Title")).to_have_count(0)
        stored = f"{await page.evaluate('JSON.stringify(localStorage)')}"
        assert re.search(f"secret|engines|new post|{ada}|{ada_id}", stored, re.IGNORECASE) is None

        # Somebody else in this browser has an empty editor, and leaves the text alone.
        await writer_at(page, running)
        await see_fields(page, title="", body="")
        await write(page, title="Of somebody else")
        await see_kept(page, 2)
        await sign_out(page, running)

        await page.goto(f"{running.posts}/write")
        await sign_in_again(page, ada, page.get_by_role("main").get_by_role("link", name="Sign in"))
        await see_status(page, KEPT_TEXT_NOTICE)
        await see_fields(page, **TEXT)


async def test_every_tab_hides_the_text_when_its_writer_signs_out_and_shows_it_when_they_are_back(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        ada = await writer_at(page, running)
        await write(page, **TEXT)
        other = await page.context.new_page()
        await other.goto(f"{running.posts}/about")
        await sign_out(other, running)
        await expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_be_visible()
        assert "ecret" not in await page.content()
        await other.goto(f"{running.posts}/about")
        await sign_in_again(other, ada, other.get_by_role("link", name="Sign in"))
        await see_fields(page, **TEXT)


async def test_who_signs_in_again_goes_on_with_the_post_that_the_text_has_become(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        ada = await writer_at(page, running)
        await write(page, **TEXT)
        await press(page, "Save draft")
        await page.wait_for_url("**/p/*/edit")
        await write(page, body="Another *secret* body")
        other = await page.context.new_page()
        await other.goto(f"{running.posts}/about")
        await sign_out(other, running)
        await expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_be_visible()
        await other.goto(f"{running.posts}/about")
        await sign_in_again(other, ada, other.get_by_role("link", name="Sign in"))
        await see_fields(page, **{**TEXT, "body": "Another *secret* body"})


async def test_a_tab_that_learns_of_another_person_at_once_shows_them_nothing_of_the_text(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await write(page, **TEXT)
        await see_kept(page, 1)
        # No tab is told of a sign-out.
        await page.context.clear_cookies()
        other = await page.context.new_page()
        await writer_at(other, running)
        await see_fields(page, title="", body="")
        assert "ecret" not in await page.content()
        await write(page, title="Of somebody else")
        await see_kept(page, 2)


async def test_two_tabs_write_two_texts_and_each_is_found_again(running: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await write(page, title="One")
        await see_kept(page, 1)
        other = await page.context.new_page()
        await other.goto(f"{running.posts}/write")
        await see_fields(other, title="")
        await write(other, title="Two")
        await see_kept(page, 2)
        await page.reload()
        await see_fields(page, title="One")
        await other.close()
        await page.close()
        page = await page.context.new_page()
        await page.goto(f"{running.posts}/write")
        await see_fields(page, title="Two")


async def test_a_full_browser_says_so_loses_nothing_and_keeps_the_text_when_there_is_room(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await page.evaluate(FILL)
        await write(page, **TEXT)
        await expect(page.get_by_role("alert")).to_contain_text("no room to keep this text")
        await see_fields(page, **TEXT)
        await see_kept(page, 0)
        await page.evaluate(EMPTY)
        await write(page, body="Another body")
        await expect(page.get_by_role("alert")).to_have_count(0)
        await see_kept(page, 1)


async def test_a_text_that_was_forgotten_for_a_month_is_removed_and_a_younger_one_is_not(
    running: Stack, browser: Browser
) -> None:
    day = 24 * 60 * 60 * 1000
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        for days, count in ((29, 1), (31, 0)):
            await write(page, title="Forgotten")
            await see_kept(page, 1)
            [(name, entry)] = (await kept_texts(page)).items()
            written_at, sealed = entry.split(" ")
            await page.goto(f"{running.posts}/about")
            aged = f"{int(written_at) - days * day} {sealed}"
            await page.evaluate("([name, entry]) => localStorage.setItem(name, entry)", [name, aged])
            await page.goto(f"{running.posts}/write")
            await see_fields(page, title="Forgotten" if count else "")
            assert len(await kept_texts(page)) == count


async def test_of_too_many_texts_the_oldest_are_removed(running: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await page.goto(f"{running.posts}/about")
        await page.evaluate(
            "() => { for (let n = 0; n < 60; n++) localStorage.setItem(`text:${n}`, `${Date.now() + n} AAAA`); }"
        )
        await page.goto(f"{running.posts}/write")
        await expect(page.get_by_label("Title")).to_be_editable()
        assert set(await kept_texts(page)) == {f"text:{number}" for number in range(10, 60)}
