"""The history of a post in the browser: what it was, what differs, and making it so again."""

from typing import Any

import pytest
from playwright.async_api import Browser, Request, Route, expect

from tests.browser.barriers import LOOKS, Inspect
from tests.browser.members import Member, a_member, ask, write_post
from tests.browser.post_pages import registered_person
from tests.support.person import Person
from tests.support.stack import Stack

OLD, PRESENT = "One\nTwo\nThree", "One\nThree\nFour"


async def post_in_two_versions(author: Person) -> Any:
    """A post that has a former version."""
    post = await write_post(author, "On engines", body=OLD, tags=["engines"])
    changes = {"title": "On looms", "body": PRESENT, "tags": ["looms"]}
    return await ask(author, "PATCH", f"/posts/{post['id']}", json=changes)


async def show(member: Member, number: int) -> None:
    """Show this version."""
    await member.press(f"Show version {number}")
    await expect(member.page.get_by_role("heading", name=f"Version {number}")).to_be_focused()


async def test_a_version_is_shown_with_what_differs_and_restored(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada:
        post = await post_in_two_versions(ada)
        async with a_member(browser, ada, "/mine") as member:
            await member.page.get_by_role("link", name="History of “On looms”").click()
            await expect(member.page.get_by_role("heading", name="History of “On looms”")).to_be_visible()
            await expect(member.page.get_by_role("listitem")).to_contain_text(["On looms", "On engines"])
            await show(member, 1)
            await expect(member.page.get_by_label("The text of the version")).to_have_text(OLD)
            differences = member.page.get_by_label("The lines that differ")
            assert await differences.locator("del").all_text_contents() == ["− Two\n"]
            assert await differences.locator("ins").all_text_contents() == ["+ Four\n"]
            await expect(
                member.page.get_by_text("Title: “On engines” in this version, “On looms” at present.")
            ).to_be_visible()
            await expect(member.page.get_by_text("Tags: “engines” in this version")).to_be_visible()
            await expect(member.page.get_by_text("Summary:")).to_have_count(0)
            await member.press("Restore version 1")
            await expect(member.status("Version 1 is restored, as version 3.")).to_be_visible()
            await expect(member.page.get_by_role("listitem")).to_have_count(3)
        now = await ask(ada, "GET", f"/posts/{post['id']}")
        assert [now[member] for member in ("title", "body", "tags", "version")] == ["On engines", OLD, ["engines"], 3]


@pytest.mark.parametrize(("button", "body"), [("Keep yours", OLD), ("Take the other one", "Written meanwhile")])
async def test_whoever_restores_what_has_changed_meanwhile_sees_both_texts_and_decides(
    running: Stack, browser: Browser, button: str, body: str
) -> None:
    async with registered_person(running, "ada") as ada:
        post = await post_in_two_versions(ada)
        async with a_member(browser, ada, f"/mine?history={post['id']}") as member:
            await show(member, 1)
            await ask(ada, "PATCH", f"/posts/{post['id']}", json={"body": "Written meanwhile"})
            await member.press("Restore version 1")
            texts = member.dialog("The post has changed").locator("pre")
            await expect(texts).to_have_text([OLD, "Written meanwhile"])
            await member.answer("The post has changed", button)
            await expect(member.status("restored")).to_be_visible()
        assert (await ask(ada, "GET", f"/posts/{post['id']}"))["body"] == body


async def test_a_restoration_whose_answer_is_lost_is_sent_again_without_harm(running: Stack, browser: Browser) -> None:
    async def twice(route: Route, request: Request) -> None:
        await route.fetch()
        await route.continue_()

    async with registered_person(running, "ada") as ada:
        post = await post_in_two_versions(ada)
        async with a_member(browser, ada, f"/mine?history={post['id']}") as member:
            await show(member, 1)
            await member.page.route("**/restore", twice)
            await member.press("Restore version 1")
            await expect(member.status("Version 1 is restored, as version 3.")).to_be_visible()
        assert (await ask(ada, "GET", f"/posts/{post['id']}"))["version"] == 3


async def test_a_stranger_reads_no_history_and_is_told_why(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "bob") as bob:
        post = await post_in_two_versions(ada)
        async with a_member(browser, bob, f"/mine?history={post['id']}") as member:
            await expect(member.page.get_by_text("Only the author of a post may do this.")).to_be_visible()
            await expect(member.page.get_by_role("dialog")).to_have_count(0)
            # Forged, it is refused, and the page says why.
            await member.call("POST", f"/posts/{post['id']}/versions/1/restore")
            await expect(member.dialog("You may not do this")).to_contain_text("Only the author of a post may do this.")
        assert (await ask(ada, "GET", f"/posts/{post['id']}"))["version"] == 2


@pytest.mark.parametrize("query", ["history=events", "history=", "history=019aca00-0000-7000-8000-000000000000"])
async def test_the_history_of_what_is_no_post_says_so(running: Stack, browser: Browser, query: str) -> None:
    async with registered_person(running, "ada") as ada, a_member(browser, ada, f"/mine?{query}") as member:
        await expect(member.page.get_by_text("There is no such post.")).to_be_visible()


async def test_a_moderator_restores_with_a_reason(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        post = await post_in_two_versions(ada)
        async with a_member(browser, grace, f"/mine?history={post['id']}") as member:
            await show(member, 1)
            await member.press("Restore version 1")
            await member.answer("Restore this version?", "Cancel")
            await member.press("Restore version 1")
            await member.answer("Restore this version?", "Restore", "It was <b>better</b> & longer")
            await expect(member.status("Version 1 is restored, as version 3.")).to_be_visible()
        (act,) = (await ask(grace, "GET", f"/moderation/actions?post_id={post['id']}"))["items"]
        assert (act["action"], act["reason"]) == ("restore", "It was <b>better</b> & longer")


async def test_versions_are_read_page_by_page(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada:
        post = await write_post(ada, "On engines")
        for number in range(21):
            await ask(ada, "PATCH", f"/posts/{post['id']}", json={"body": f"Body {number}"})
        async with a_member(browser, ada, f"/mine?history={post['id']}") as member:
            await expect(member.page.get_by_role("listitem")).to_have_count(20)
            await member.press("More versions")
            await expect(member.page.get_by_role("button", name="Show version 2", exact=True)).to_be_focused()
            await expect(member.page.get_by_role("listitem")).to_have_count(22)


async def test_no_list_history_or_question_has_a_barrier_and_each_fits_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect
) -> None:
    async with registered_person(running, "ada") as ada:
        await write_post(ada, "Unfinished", state="draft")
        post = await post_in_two_versions(ada)
        for look in LOOKS:
            async with a_member(browser, ada, "/mine", **look) as member:
                await expect(member.page.get_by_role("article")).to_have_count(2)
                await inspect(member.page, "mine")
                await member.press("Delete “Unfinished”")
                await inspect(member.page, "mine-deleting")
                await member.go(f"/mine?history={post['id']}")
                await show(member, 1)
                await inspect(member.page, "mine-history")
