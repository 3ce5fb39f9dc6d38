"""The pages of posts as readers, authors and moderators see them: in both themes, narrow and wide."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.barriers import Inspect, inspect_in_every_look
from tests.browser.blog import Blog
from tests.browser.opening import opened
from tests.browser.signing_on import see, sign_on
from tests.support.person import Person

Open = Callable[[Page, Blog], Awaitable[object]]


def at(path: str, heading: str) -> Open:
    """How to open the page of this path, which has this heading."""

    async def open_it(page: Page, blog: Blog) -> None:
        await page.goto(f"{blog.running.posts}{path}")
        await see(page, heading)

    return open_it


async def open_newest(page: Page, blog: Blog) -> None:
    await page.goto(f"{blog.running.posts}/p/{blog.posts[-1]['slug']}")
    await see(page, blog.posts[-1]["title"])


PUBLIC: dict[str, Open] = {
    "home": at("/", "Posts"),
    "home-searched": at("/?q=tuesday", "Posts that match “tuesday”"),
    "home-tag": at("/?tag=tuesdays", "Posts about tuesdays"),
    "home-nothing": at("/?q=nowhere", "Posts that match “nowhere”"),
    "post": open_newest,
    "about": at("/about", "About"),
    "not-found": at("/p/nowhere", "There is no such page"),
    "mine-signed-out": at("/mine", "Your posts"),
    "moderation-signed-out": at("/moderation", "Moderation"),
    "write-signed-out": at("/write", "Write"),
}


def then(open_it: Open, *buttons: str, until: str) -> Open:
    """How to open a page, press buttons there, and see an element that matches the selector `until`."""

    async def open_and_press(page: Page, blog: Blog) -> None:
        await open_it(page, blog)
        for button in buttons:
            await page.get_by_role("button", name=button).first.click()
        await expect(page.locator(until).first).to_be_visible()

    return open_and_press


async def open_history(page: Page, blog: Blog) -> None:
    await page.goto(f"{blog.running.posts}/mine?history={blog.posts[0]['id']}")
    await page.get_by_role("button", name="Show version 1").click()


async def open_editor(page: Page, blog: Blog) -> None:
    await page.goto(f"{blog.running.posts}/p/{blog.posts[-1]['slug']}/edit")
    await expect(page.get_by_role("region", name="Preview")).to_contain_text("It runs on steam.")


async def open_conflict(page: Page, blog: Blog) -> None:
    """Two versions of a post, of which its author chooses one."""
    post = await blog.post(blog.ada, "/posts", title="On looms", body="One.", state="draft")
    await page.goto(f"{blog.running.posts}/p/{post['slug']}/edit")
    await page.get_by_label("Text").fill("Two.")
    await blog.call("PATCH", blog.ada, f"/posts/{post['id']}", body="Three.")
    await page.get_by_role("button", name="Save draft").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Three.")


MINE = at("/mine", "Your posts")
OF_PEOPLE: dict[str, dict[str, Open]] = {
    "ada": {
        "post-own": then(open_newest, until="#acts a, #post-acts a"),
        "edit": open_editor,
        "mine": then(MINE, until="section:nth-of-type(3) article"),
        "mine-delete": then(MINE, "Delete “", until="dialog"),
        "mine-history": then(open_history, until="#shown"),
        "edit-two-versions": open_conflict,
        "moderation-without-permission": then(at("/moderation", "Moderation"), until="#app p:not([role])"),
    },
    "grace": {
        "post-of-others": then(open_newest, until="button[aria-pressed]"),
        "post-report": then(open_newest, "Report", until="dialog"),
        "post-answer": then(open_newest, "Answer", until="#comment-form button.second"),
    },
    "margaret": {
        "home-signed-in": at("/", "Posts"),
        "post-as-moderator": then(open_newest, until="#post-acts button:text('Unpublish')"),
        "moderation": then(at("/moderation", "Moderation"), until=".report"),
        "moderation-resolve": then(at("/moderation", "Moderation"), "Resolve “", until="dialog"),
        "moderation-resolved": then(at("/moderation?list=resolved", "Moderation"), until=".report"),
        "moderation-unpublished": then(
            at("/moderation?list=unpublished", "Moderation"), "Read “", until=".report .text"
        ),
        "moderation-actions": then(at("/moderation?list=actions", "Moderation"), until=".said"),
    },
}


@asynccontextmanager
async def signed_in(browser: Browser, blog: Blog, person: Person) -> AsyncIterator[Page]:
    """A page of posts on which this person is signed in."""
    async with opened(browser, (blog.running.posts, blog.running.identity)) as page:
        await sign_on(page, blog.running, person.username)
        await page.goto(f"{blog.running.posts}/auth/start?return=/about")
        await expect(page.get_by_role("link", name=person.username)).to_be_visible()
        yield page


@pytest.mark.parametrize("name", PUBLIC)
async def test_a_page_for_everybody_has_no_barrier_in_either_theme_and_fits_a_small_screen(
    blog: Blog, browser: Browser, name: str, inspect: Inspect
) -> None:
    async with opened(browser, blog.running.posts) as page:
        await PUBLIC[name](page, blog)
        await inspect_in_every_look(page, name, inspect)


@pytest.mark.parametrize("username", OF_PEOPLE)
async def test_a_page_for_a_person_has_no_barrier_in_either_theme_and_fits_a_small_screen(
    blog: Blog, browser: Browser, username: str, inspect: Inspect
) -> None:
    async with signed_in(browser, blog, getattr(blog, username)) as page:
        for name, open_it in OF_PEOPLE[username].items():
            await open_it(page, blog)
            await expect(page.get_by_role("button", name="Sign out")).to_be_attached()
            await inspect_in_every_look(page, name, inspect)
