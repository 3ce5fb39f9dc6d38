"""The pages on which posts are written and changed, from the first letter to the post that everybody reads."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, expect

from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.browser.signing_on import see
from tests.browser.writing import api, post_of, press, see_fields, see_kept, see_status, write, writer_at
from tests.support.services import unique
from tests.support.stack import Stack

LOCAL = "http://localhost:"


async def test_a_person_writes_sees_the_preview_publishes_and_reads_the_post(running: Stack, browser: Browser) -> None:
    title = unique("On engines")
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await write(
            page, title=title, body="It *weaves*.\n\n<script>alert(1)</script>", tags="Engines, Machine Learning"
        )
        preview = page.get_by_role("region", name="Preview")
        await expect(preview.locator("em")).to_have_text("weaves")
        await expect(preview.locator("script")).to_have_count(0)
        await press(page, "Publish")
        await see(page, title)
        await expect(page.locator(".text em")).to_have_text("weaves")
        await expect(page.get_by_role("link", name="machine-learning")).to_be_visible()
        assert "/p/on-engines" in page.url
        await see_kept(page, 0)
        # The next one begins empty.
        await page.goto(f"{running.posts}/write")
        await see_fields(page, title="", body="", tags="")


async def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_published(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await write(page, body="A body", tags="engines, c/c")
        await press(page, "Publish")
        await see_status(page, "It is not saved")
        title = page.get_by_label("Title")
        await expect(title).to_have_accessible_description("String should have at least 1 character")
        await expect(title).to_be_focused()
        await expect(page.get_by_label("Tags")).to_have_attribute("aria-invalid", "true")
        assert (await api(page, "GET", f"{running.posts}/posts?state=draft"))["items"] == []
        await write(page, title=unique("On engines"), tags="engines")
        await expect(title).not_to_have_attribute("aria-invalid", "true")
        await press(page, "Publish")
        await expect(page.get_by_role("link", name="engines")).to_be_visible()


async def test_a_published_post_is_changed_and_keeps_the_summary_that_is_made_of_its_text(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        post = await post_of(page, running, title=unique("On engines"), body="One.")
        await page.goto(f"{running.posts}/p/{post['slug']}/edit")
        await see_fields(page, title=post["title"], body="One.", summary="")
        # Nothing but a button changes what is public.
        await expect(page.get_by_role("button", name="Save draft")).to_have_count(0)
        await write(page, body="Two.")
        await press(page, "Save changes")
        await expect(page.locator("article .text")).to_have_text("Two.")
        assert page.url == f"{running.posts}/p/{post['slug']}"
        changed = await api(page, "GET", f"{running.posts}/posts/{post['id']}")
        assert (changed["summary"], changed["version"]) == ("Two.", 2)


async def test_a_draft_is_saved_found_again_after_a_reload_and_published(running: Stack, browser: Browser) -> None:
    title = unique("On engines")
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await write(page, title=title, body="A body", summary="In short", tags="Engines")
        await press(page, "Save draft")
        await see_status(page, "The draft is saved.")
        assert page.url.endswith("/edit")
        await see_kept(page, 0)
        async with opened(browser, LOCAL) as stranger:
            answer = await stranger.goto(page.url.removesuffix("/edit"))
            assert answer is not None
            assert answer.status == 404
        await page.reload()
        await see_fields(page, title=title, body="A body", summary="In short", tags="engines")
        await press(page, "Publish")
        await see(page, title)


async def test_a_draft_saves_itself_and_a_published_post_does_not(running: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        await page.clock.install()
        await writer_at(page, running)
        await write(page, title=unique("On engines"), body="One.")
        await page.clock.fast_forward(5_000)
        await see_status(page, "The draft is saved.")
        await write(page, body="Two.")
        # There is a pause, because each is a version of the post.
        await page.clock.fast_forward(60_000)
        await see_status(page, "The draft is saved.")
        [draft] = (await api(page, "GET", f"{running.posts}/posts?state=draft"))["items"]
        assert draft["summary"] == "Two."
        await press(page, "Publish")
        await see(page, draft["title"])
        await page.goto(f"{page.url}/edit")
        await write(page, body="Three.")
        await page.clock.fast_forward(600_000)
        await see_kept(page, 1)
        assert (await api(page, "GET", f"{running.posts}/posts/{draft['id']}"))["body"] == "Two."


async def test_a_post_is_scheduled_and_the_schedule_is_taken_back(running: Stack, browser: Browser) -> None:
    at = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0, tzinfo=None)
    async with opened(browser, LOCAL, timezone_id="America/New_York") as page:
        await writer_at(page, running)
        await write(page, title=unique("On engines"), body="A body", publishAt="2000-01-01T12:00")
        await press(page, "Schedule")
        await expect(page.get_by_label("Publish at")).to_have_attribute("aria-invalid", "true")
        await write(page, publishAt=at.isoformat())
        await press(page, "Schedule")
        await expect(page.get_by_text("This draft will be published at the time below.")).to_be_visible()
        await page.reload()
        await see_fields(page, publishAt=at.isoformat()[:16])
        [draft] = (await api(page, "GET", f"{running.posts}/posts?state=draft"))["items"]
        shift = await page.evaluate("at => new Date(at).toISOString()", at.isoformat())
        assert draft["published_at"][:16] == shift[:16]
        await press(page, "Cancel the schedule")
        await see_status(page, "The draft is saved.")
        await see_fields(page, publishAt="")
        assert (await api(page, "GET", f"{running.posts}/posts/{draft['id']}"))["published_at"] is None


async def test_a_post_that_was_public_is_a_draft_again_and_is_not_taken_for_a_scheduled_one(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        post = await post_of(page, running, title=unique("On engines"))
        url = f"{running.posts}/posts/{post['id']}"
        slug = (await api(page, "PATCH", url, data={"state": "draft"}))["slug"]
        # In the eyes of a clock that is late it is going to be published.
        await page.clock.set_fixed_time(datetime.now(UTC) - timedelta(days=1))
        await page.goto(f"{running.posts}/p/{slug}/edit")
        await see_fields(page, publishAt="")
        await write(page, body="Another body")
        await press(page, "Publish")
        await expect(page.locator("article .text")).to_have_text("Another body")
        assert (await api(page, "GET", url))["published_at"] == post["published_at"]


async def test_two_clicks_on_publish_make_one_post(running: Stack, browser: Browser) -> None:
    title = unique("On engines")
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await write(page, title=title, body="A body")
        await page.get_by_role("button", name="Publish").dblclick()
        await see(page, title)
        for state in ("draft", "published"):
            mine = (await api(page, "GET", f"{running.posts}/posts?state={state}"))["items"]
            assert [post["title"] for post in mine].count(title) == (state == "published")


async def test_a_draft_is_deleted(running: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await write(page, title=unique("On engines"), body="A body")
        await press(page, "Save draft")
        await see_status(page, "The draft is saved.")
        await write(page, body="Another")
        await see_kept(page, 1)
        await press(page, "Delete")
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await page.wait_for_url(f"{running.posts}/mine")
        assert (await api(page, "GET", f"{running.posts}/posts?state=draft"))["items"] == []
        await see_kept(page, 0)


async def test_the_editor_has_no_barrier_in_either_theme_and_fits_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect
) -> None:
    for look in LOOKS:
        async with opened(browser, LOCAL, **look) as page:
            await writer_at(page, running)
            await write(page, title="On engines", body="It *weaves*.\n\n```python\nprint(1)\n```", tags="engines")
            await expect(page.get_by_role("region", name="Preview").locator("em")).to_have_text("weaves")
            await inspect(page, "write")
            await write(page, title="")
            await press(page, "Publish")
            await see_status(page, "It is not saved")
            await inspect(page, "write-with-errors")


async def test_who_discards_a_change_of_an_unpublished_post_is_not_led_to_a_page_that_is_not_there(
    running: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        post = await post_of(page, running, title=unique("On engines"))
        update = "UPDATE posts.posts SET state = 'unpublished', unpublished_reason = 'Spam' WHERE id = $1"
        await running.databases.execute("posts_app", update, post["id"])
        await page.goto(f"{running.posts}/p/{post['slug']}/edit")
        await write(page, body="Another")
        await press(page, "Discard")
        await page.get_by_role("dialog").get_by_role("button", name="Discard").click()
        await page.wait_for_url(f"{running.posts}/mine")
