"""The file with everything that a person has: saved whole, or not at all."""

import json
from pathlib import Path

from playwright.async_api import Browser, Request, Route, expect

from tests.browser.members import a_member, write_post
from tests.browser.post_pages import registered_person
from tests.support.stack import Stack


async def test_everything_that_a_person_has_is_saved_as_a_file(
    running: Stack, browser: Browser, tmp_path: Path
) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "bob") as bob:
        await write_post(ada, "On engines")
        await write_post(ada, "Unfinished", state="draft")
        await write_post(bob, "Of somebody else")
        async with a_member(browser, ada, "/mine") as member:
            await member.press("Export everything")
            await expect(member.status("The export is ready.")).to_be_visible()
            async with member.page.expect_download() as saving:
                await member.page.get_by_role("link", name="Save posts.ndjson").click()
            saved = await saving.value
            assert saved.suggested_filename == "posts.ndjson"
            await saved.save_as(tmp_path / "posts.ndjson")
    lines = [json.loads(line) for line in (tmp_path / "posts.ndjson").read_text().splitlines()]
    assert [line.get("title") for line in lines if line["type"] == "post"] == ["On engines", "Unfinished"]
    assert [lines[0]["type"], lines[-1]["type"]] == ["author", "end"]


async def test_an_export_that_broke_off_is_not_offered(running: Stack, browser: Browser) -> None:
    async def without_the_end(route: Route, request: Request) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.body()).replace(b'{"type":"end"}\n', b""))

    async with registered_person(running, "ada") as ada:
        await write_post(ada, "On engines")
        async with a_member(browser, ada, "/mine") as member:
            await member.page.route("**/me/posts/export", without_the_end)
            await member.press("Export everything")
            await expect(member.status("The export was cut off")).to_be_visible()
            await expect(member.page.get_by_role("link", name="Save posts.ndjson")).to_have_count(0)
            await member.page.unroute_all()
            await member.press("Export everything")
            await expect(member.page.get_by_role("link", name="Save posts.ndjson")).to_be_visible()


async def test_the_file_goes_with_the_person(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada:
        await write_post(ada, "On engines")
        async with a_member(browser, ada, "/mine") as member:
            await member.press("Export everything")
            link = member.page.get_by_role("link", name="Save posts.ndjson")
            url = await link.get_attribute("href")
            record = "const revoke = URL.revokeObjectURL; URL.revokeObjectURL = (url) => revoke((window.revoked = url))"
            await member.page.evaluate(record)
            other = await member.page.context.new_page()
            await other.goto(f"{running.posts}/about")
            await other.get_by_role("button", name="Sign out").click()
            await expect(link).to_have_count(0)
            assert await member.page.evaluate("window.revoked") == url
