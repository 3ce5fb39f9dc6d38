"""Services that are restarted, networks that are away or slow, and limits, while somebody writes."""

import asyncio
import re
import secrets
from base64 import b64encode

from playwright.async_api import Browser, Route, expect

from tests.browser.opening import OUTAGE, opened
from tests.browser.writing import (
    press,
    see_fields,
    see_kept,
    see_published,
    see_status,
    write,
    writer_at,
)
from tests.support.services import unique
from tests.support.stack import Stack

LOCAL = "http://localhost:"
TEXT = {"title": "Secret engines", "body": "A *secret* body"}
AWAY = "The service cannot be reached at the moment. Your text is kept in this browser"


async def test_both_services_are_restarted_while_somebody_writes_and_the_post_is_published_once(
    restartable: Stack, browser: Browser
) -> None:
    title = unique("On engines")
    async with opened(browser, LOCAL, expected=OUTAGE) as page:
        await writer_at(page, restartable)
        await write(page, title=title)
        for service in ("identity", "posts"):
            restartable.stop(service)
        await write(page, body="Written *meanwhile*")
        await see_kept(page, 1)
        await press(page, "Publish")
        await see_status(page, AWAY)
        for service in ("identity", "posts"):
            restartable.start(service)
        await see_published(page, title)
        await expect(page.locator("article em")).to_have_text("meanwhile")


async def test_a_text_that_was_kept_under_the_former_sealing_key_is_there_again(
    restartable: Stack, browser: Browser
) -> None:
    async with opened(browser, LOCAL, expected=OUTAGE) as page:
        await writer_at(page, restartable)
        await write(page, **TEXT)
        await see_kept(page, 1)
        restartable.stop("posts")
        restartable.environment["POSTS_PAGES_FORMER_SEALING_KEY"] = restartable.environment["POSTS_PAGES_SEALING_KEY"]
        restartable.environment["POSTS_PAGES_SEALING_KEY"] = b64encode(secrets.token_bytes(32)).decode()
        restartable.start("posts")
        await page.reload()
        await see_fields(page, **TEXT)


async def test_who_loses_the_network_sees_it_and_the_post_is_published_when_it_is_back(
    running: Stack, browser: Browser
) -> None:
    title = unique("On engines")
    async with opened(browser, LOCAL, expected=OUTAGE) as page:
        await writer_at(page, running)
        await page.context.set_offline(True)
        await write(page, title=title, body="Written *offline*")
        await expect(page.get_by_role("region", name="Preview")).to_contain_text("The preview waits")
        await see_kept(page, 1)
        await press(page, "Publish")
        await see_status(page, AWAY)
        await expect(page.get_by_label("Title")).not_to_be_editable()
        await page.context.set_offline(False)
        await see_published(page, title)


async def test_on_a_slow_network_nothing_can_be_typed_before_it_can_be_kept(running: Stack, browser: Browser) -> None:
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def wait(route: Route) -> None:
        is_asked.set()
        await may_answer.wait()
        await route.continue_()

    async with opened(browser, LOCAL) as page:
        await writer_at(page, running)
        await page.route("**/write/key", wait)
        await page.goto(f"{running.posts}/write")
        await is_asked.wait()
        await expect(page.get_by_role("main").get_by_role("status")).to_have_text("Loading…")
        await expect(page.get_by_label("Title")).to_have_count(0)
        may_answer.set()
        await write(page, **TEXT)
        await see_kept(page, 1)


async def test_who_saves_too_often_is_told_until_when_and_keeps_the_text(restartable: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, restartable)
        for number in range(5):
            await write(page, title=f"Version {number}", body="A body")
            await press(page, "Save draft")
            if number < 4:
                await see_status(page, "The draft is saved.")
        await expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"Try again in \d+ minutes"))
        await press(page, "Close")
        await see_fields(page, title="Version 4")
        await see_kept(page, 1)


async def test_previews_that_come_too_often_come_again_later(restartable: Stack, browser: Browser) -> None:
    async with opened(browser, LOCAL) as page:
        await writer_at(page, restartable)
        preview = page.get_by_role("region", name="Preview")
        for number in range(12):
            await write(page, body=f"*{number}*")
            await expect(preview.locator("em")).to_have_text(str(number))
        await write(page, body="*One more*")
        await expect(preview).to_contain_text(re.compile(r"the next one comes in \d+ minutes"))
        await expect(preview.locator("em")).to_have_text("11")
