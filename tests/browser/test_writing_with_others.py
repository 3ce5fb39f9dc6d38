"""A post that somebody else changes, deletes or moderates while it is written, and answers that are lost."""

from playwright.async_api import Browser, Page, Route, expect

from tests.browser.opening import OUTAGE, opened
from tests.browser.signing_on import registered, see
from tests.browser.writing import (
    api,
    post_of,
    press,
    see_fields,
    see_kept,
    see_status,
    write,
    writer_at,
)
from tests.support.services import unique
from tests.support.stack import Stack

LOCAL = "http://localhost:"


async def edited(page: Page, running: Stack, **members: str) -> str:
    """The URL of a post of this person's, whose editor is open and has a change that is not sent."""
    post = await post_of(page, running, title=unique("On engines"), body="One.", **members)
    await page.goto(f"{running.posts}/p/{post['slug']}/edit")
    await write(page, body="Mine.")
    return f"{running.posts}/posts/{post['id']}"


async def change_elsewhere(page: Page, url: str) -> None:
    await api(page, "PATCH", url, data={"body": "Theirs.", "tags": ["theirs"]})


async def test_a_post_that_changed_meanwhile_is_shown_in_both_versions_and_its_writer_keeps_theirs(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        url = await edited(page, running)
        await change_elsewhere(page, url)
        await press(page, "Save changes")
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Mine.")
        await expect(dialog).to_contain_text("Theirs.")
        assert (await api(page, "GET", url))["body"] == "Theirs."
        # Who decides later finds both again.
        await press(page, "Decide later")
        await see_fields(page, body="Mine.")
        await page.reload()
        await see_fields(page, body="Mine.")
        await press(page, "Save changes")
        await press(page, "Keep yours")
        await press(page, "Save changes")
        await expect(page.locator("article .text")).to_have_text("Mine.")
        assert (await api(page, "GET", url))["version"] == 3


async def test_who_takes_the_other_version_goes_on_with_it(running: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await change_elsewhere(page, await edited(page, running))
        await press(page, "Save changes")
        await press(page, "Take the other one")
        await see_fields(page, body="Theirs.", tags="theirs")
        await see_kept(page, 0)
        await write(page, body="Theirs, and more.")
        await press(page, "Save changes")
        await expect(page.locator("article .text")).to_have_text("Theirs, and more.")


async def test_a_draft_that_changed_elsewhere_is_not_written_over_and_the_page_asks_when_its_writer_wants(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        await page.clock.install()
        await writer_at(page, running)
        url = await edited(page, running, state="draft")
        await change_elsewhere(page, url)
        await page.clock.fast_forward(5_000)
        await expect(page.get_by_text("This post has changed since you read it.")).to_be_visible()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await write(page, body="Mine, and more.")
        await page.clock.fast_forward(120_000)
        assert (await api(page, "GET", url))["body"] == "Theirs."
        await press(page, "Show both versions")
        await press(page, "Keep yours")
        await press(page, "Save draft")
        await see_status(page, "The draft is saved.")
        assert (await api(page, "GET", url))["body"] == "Mine, and more."


async def test_an_answer_that_is_lost_makes_no_second_post_and_no_conflict(running: Stack, browser: Browser) -> None:
    losses = {"POST": 1, "PATCH": 1}
    title = unique("On engines")

    async def lose(route: Route) -> None:
        method = route.request.method
        if losses.get(method, 0) == 0:
            await route.continue_()
        else:
            losses[method] -= 1
            assert (await route.fetch()).ok
            await route.abort()

    async with opened(browser, LOCAL, expected=OUTAGE) as page:
        await writer_at(page, running)
        await page.route(f"{running.posts}/posts", lose)
        await page.route(f"{running.posts}/posts/*", lose)
        await write(page, title=title, body="A body", tags="Machine Learning")
        await press(page, "Publish")
        await see(page, title)
        assert losses == {"POST": 0, "PATCH": 0}
        items = (await api(page, "GET", f"{running.posts}/posts"))["items"]
        assert [item["version"] for item in items if item["title"] == title] == [2]
        assert (await api(page, "GET", f"{running.posts}/posts?state=draft"))["items"] == []


async def test_a_page_that_is_closed_before_the_answer_completes_the_draft_with_what_was_typed_since(
    running: Stack, browser: Browser
) -> None:
    title = unique("On engines")

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    async with opened(browser, LOCAL, expected=OUTAGE) as page:
        await writer_at(page, running)
        await page.route(f"{running.posts}/posts", lose)
        await write(page, title=title, body="One.")
        await press(page, "Save draft")
        await see_status(page, "The service cannot be reached at the moment.")
        await page.unroute(f"{running.posts}/posts")
        await page.reload()
        await see_fields(page, title=title, body="One.")
        await write(page, body="Two.")
        await press(page, "Save draft")
        await see_status(page, "The draft is saved.")
        [draft] = (await api(page, "GET", f"{running.posts}/posts?state=draft"))["items"]
        assert (draft["title"], draft["summary"]) == (title, "Two.")


async def test_what_is_typed_while_a_draft_is_saved_is_not_lost(running: Stack, browser: Browser) -> None:
    async def type_and_go_on(route: Route) -> None:
        await write(page, body="Two.")
        await route.continue_()

    async with opened(browser, LOCAL) as page:
        await page.clock.install()
        await writer_at(page, running)
        await page.route(f"{running.posts}/posts", type_and_go_on)
        await write(page, title=unique("On engines"), body="One.")
        await page.clock.fast_forward(5_000)
        await see_status(page, "The draft is saved.")
        await see_fields(page, body="Two.")
        await see_kept(page, 1)
        await page.clock.fast_forward(60_000)
        await see_kept(page, 0)
        [draft] = (await api(page, "GET", f"{running.posts}/posts?state=draft"))["items"]
        assert draft["summary"] == "Two."


async def test_the_text_of_a_post_that_was_deleted_elsewhere_becomes_another_one(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        url = await edited(page, running)
        await api(page, "DELETE", url)
        await press(page, "Save changes")
        await see_status(page, "This post is not there any more: it was deleted.")
        await page.reload()
        assert page.url == f"{running.posts}/write"
        await see_fields(page, body="Mine.")
        await press(page, "Publish")
        await expect(page.locator("article .text")).to_have_text("Mine.")


async def test_a_stranger_has_no_editor_and_a_moderator_is_asked_for_a_reason(running: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        post = await post_of(page, running, title=unique("On engines"), body="One.")
    path = f"/p/{post['slug']}/edit"
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await page.goto(f"{running.posts}{path}")
        await expect(page.get_by_role("dialog")).to_contain_text("Only the author of a post may do this.")
        await expect(page.get_by_label("Title")).to_have_count(0)
    async with opened(browser, LOCAL) as page:
        moderator = await registered(running, "grace")
        running.command("identity", "users", "set-roles", moderator, "user", "moderator")
        await writer_at(page, running, path, moderator)
        await expect(page.get_by_text("This post is somebody else's.")).to_be_visible()
        await write(page, body="Two.")
        await press(page, "Save changes")
        await page.get_by_label("Reason").fill("Spam")
        await press(page, "Save")
        await expect(page.locator("article .text")).to_have_text("Two.")
        actions = (await api(page, "GET", f"{running.posts}/moderation/actions"))["items"]
        assert [action["reason"] for action in actions if action["post_id"] == post["id"]] == ["Spam"]
