"""Whatever a stranger writes is a text also where scripts show it: to people who are signed in, and as it changes."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, expect

from tests.browser.harmless import ensure_harmless, watched
from tests.browser.hostile import Hostile, members_of
from tests.browser.hostile_texts import TEXTS, USERNAMES
from tests.browser.signing_on import sign_on
from tests.support.person import Person

LISTS = {
    "/moderation": TEXTS[::2],
    "/moderation?list=resolved": TEXTS[1::2],
    "/moderation?list=unpublished": TEXTS[1::2],
    "/moderation?list=actions": TEXTS[1::2],
}


@asynccontextmanager
async def signed_in(browser: Browser, hostile: Hostile, person: Person) -> AsyncIterator[Page]:
    """A page of posts on which the person is signed in."""
    running = hostile.blog.running
    async with watched(browser, (running.posts, running.identity)) as page:
        await sign_on(page, running, person.username)
        await page.goto(f"{running.posts}/auth/start?return=/about")
        await expect(page.get_by_role("link", name=person.username)).to_be_visible()
        yield page


async def show_all(page: Page) -> None:
    """Read every list of the page to its end."""
    more = page.get_by_role("button", name=re.compile("^More "))
    while await more.count():
        shown = await page.locator("main li").count()
        await more.first.click()
        await expect(page.locator("main li").nth(shown)).to_be_visible()
    await ensure_harmless(page)


async def test_a_post_that_changes_while_it_is_read_stays_harmless(hostile: Hostile, browser: Browser) -> None:
    blog = hostile.blog
    post = await blog.post(blog.ada, "/posts", title="It changes", body="Soon")
    async with watched(browser, hostile.origin) as page:
        await page.goto(f"{hostile.origin}/p/{post['slug']}")
        for number, text in enumerate(TEXTS):
            members = members_of(number, text)
            await blog.comment(blog.grace, post, members["body"])
            changed = await blog.call("PATCH", blog.ada, f"/posts/{post['id']}", **members)
            await page.wait_for_function(
                "title => document.querySelector('h1').textContent === title", arg=changed["title"]
            )
            await ensure_harmless(page)
        await show_all(page)
        await expect(page.locator("#comments .text")).to_have_count(len(TEXTS))
    for person in (blog.ada, blog.margaret):
        async with signed_in(browser, hostile, person) as page:
            await page.goto(f"{hostile.origin}/p/{post['slug']}")
            await expect(page.get_by_role("button", name=re.compile("^Delete")).first).to_be_visible()
            await expect(page.get_by_role("button", name=re.compile("^More "))).to_be_visible()
            await show_all(page)
            await expect(page.locator("#comments .text")).to_have_count(len(TEXTS))


async def test_the_editor_takes_every_text_and_its_preview_is_harmless(hostile: Hostile, browser: Browser) -> None:
    async with signed_in(browser, hostile, hostile.blog.ada) as page:
        await page.goto(f"{hostile.origin}/write")
        for number, text in enumerate(TEXTS):
            members = members_of(number, text)
            await page.get_by_label("Title").fill(members["title"])
            await page.get_by_label("Summary").fill(members["summary"])
            await page.get_by_label("Tags").fill(text)
        bodies = [members_of(number, text)["body"] for number, text in enumerate(TEXTS)]
        await page.get_by_label("Text").fill("\n\n".join([*bodies, "The end"]))
        await expect(page.get_by_role("region", name="Preview")).to_contain_text("The end")
        await ensure_harmless(page)


async def test_what_a_person_and_moderators_manage_is_harmless(hostile: Hostile, browser: Browser) -> None:
    await hostile.moderate()
    async with signed_in(browser, hostile, hostile.blog.ada) as page:
        await page.goto(f"{hostile.origin}/mine")
        for name in ("Unpublished by a moderator", "Published"):
            await expect(page.get_by_role("region", name=name).locator("li").first).to_be_visible()
        await show_all(page)
        titles = await page.locator("main h3").all_text_contents()
        assert {*titles} >= {post["title"] for post in hostile.posts.values()}
    async with signed_in(browser, hostile, hostile.blog.margaret) as page:
        for path, texts in LISTS.items():
            await page.goto(f"{hostile.origin}{path}")
            await expect(page.locator("main li .said").first).to_be_visible()
            await show_all(page)
            assert {*await page.locator("main li .said").all_text_contents()} >= {text.strip() for text in texts}


async def test_a_person_may_be_called_as_what_scripts_know_by_that_name(hostile: Hostile, browser: Browser) -> None:
    for username in USERNAMES:
        person = await Person(hostile.blog.http, hostile.blog.running, username).register()
        post = await hostile.blog.post(person, "/posts", title=username, body=username, tags=["constructor"])
        await hostile.blog.comment(person, post, username)
        async with signed_in(browser, hostile, person) as page:
            await page.goto(f"{hostile.origin}/moderation?list={username}")
            await expect(page.locator("#list")).to_have_text("Open reports")
            for path in (f"/p/{post['slug']}", "/mine", f"/?tag={username}"):
                await page.goto(f"{hostile.origin}{path}")
                await expect(page.get_by_role("link", name=username).first).to_be_visible()
                await ensure_harmless(page)
