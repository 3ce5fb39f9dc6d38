"""What moderators read and decide in the browser, and that nobody else does."""

from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Route, expect

from tests.browser.barriers import LOOKS, Inspect
from tests.browser.members import Member, a_member, ask, signed_in_as, write_post
from tests.browser.opening import OUTAGE
from tests.browser.post_pages import registered_person
from tests.support.person import Person
from tests.support.stack import Stack

REASON = "It is <b>an</b> advertisement"
NO_MODERATOR = "This needs a role or a permission that you do not have."


@pytest.fixture(autouse=True)
async def empty_queue(running: Stack) -> None:
    """Nothing is reported yet: the services are the same for all tests."""
    await running.databases.execute("posts_app", "DELETE FROM posts.reports")


async def report_of(reporter: Person, kind: str, thing: Any) -> Any:
    """A report about this post or comment: `kind` is the first part of its path."""
    return await ask(reporter, "POST", f"/{kind}/{thing['id']}/reports", 201, json={"reason": REASON})


async def write_comment(person: Person, post: Any, text: str) -> Any:
    return await ask(person, "POST", f"/posts/{post['id']}/comments", 201, json={"body": text})


def item(member: Member, title: str) -> Locator:
    """The entry of the page with this title."""
    return member.page.get_by_role("listitem").filter(has_text=title)


async def test_a_person_without_a_permission_reads_why_and_can_forge_nothing(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "eve") as eve:
        report = await report_of(eve, "posts", await write_post(ada, "Secretly reported"))
        async with a_member(browser, eve, "/moderation") as member:
            await expect(member.page.get_by_text(NO_MODERATOR)).to_be_visible()
            await expect(member.page.get_by_role("dialog")).to_have_count(0)
            await expect(member.page.get_by_text("Secretly reported")).to_have_count(0)
            await member.call("PATCH", f"/moderation/reports/{report['id']}", state="dismissed")
            await expect(member.dialog("You may not do this")).to_contain_text(NO_MODERATOR)
            await member.answer("You may not do this", "Close")
            for choice in ("unpublished", "actions"):
                await member.go(f"/moderation?list={choice}")
                await expect(member.page.get_by_text("permission")).to_be_visible()


async def test_a_report_is_decided_with_a_note_and_leaves_the_queue(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        first, second = await write_post(ada, "Sell all", body="*Sell* it"), await write_post(ada, "Buy all")
        for post in (first, second):
            await report_of(ada, "posts", post)
        async with a_member(browser, grace, "/moderation") as member:
            report = item(member, "Sell all")
            await expect(report).to_contain_text(
                f"A post by {ada.username}: Sell all*Sell* itReported by {ada.username}"
            )
            await expect(report).to_contain_text(REASON)
            link = report.get_by_role("link", name="Sell all")
            assert await link.get_attribute("href") == f"/p/{first['slug']}"
            await member.press("Resolve “Sell all”")
            await member.answer("Resolve the report?", "Cancel")
            await member.press("Resolve “Sell all”")
            await member.answer("Resolve the report?", "Resolve", "Seen <i>twice</i>")
            await expect(member.status("The report is resolved.")).to_be_visible()
            await expect(report).to_have_count(0)
            # The oldest report is the first.
            await expect(item(member, "Buy all")).to_be_focused()
            await member.press("Dismiss “Buy all”")
            await member.answer("Dismiss the report?", "Dismiss")
            await expect(item(member, "Buy all")).to_have_count(0)
            await member.page.get_by_role("link", name="Resolved", exact=True).click()
            await expect(item(member, "Sell all")).to_contain_text(
                f"{grace.username} has resolved the report: Seen <i>"
            )
            await member.page.get_by_role("link", name="Dismissed", exact=True).click()
            await expect(item(member, "Buy all")).to_contain_text(f"{grace.username} has dismissed the report.")


async def test_what_another_moderator_has_decided_is_told_and_leaves_the_queue(
    running: Stack, browser: Browser
) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        await report_of(ada, "posts", await write_post(ada, "Sell both"))
        async with (
            registered_person(running, "mary", "moderator") as mary,
            a_member(browser, grace, "/moderation") as first,
            a_member(browser, mary, "/moderation", hears_events=False) as second,
        ):
            await expect(item(second, "Sell both")).to_be_visible()
            await first.press("Dismiss “Sell both”")
            await first.answer("Dismiss the report?", "Dismiss", "It is harmless")
            await expect(item(first, "Sell both")).to_have_count(0)
            await second.press("Resolve “Sell both”")
            await second.answer("Resolve the report?", "Resolve", "It is harmful")
            box = second.dialog("Another moderator has decided")
            await expect(box).to_contain_text(f"{grace.username} has dismissed the report: It is harmless")
            await second.answer("Another moderator has decided", "Close")
            await expect(item(second, "Sell both")).to_have_count(0)
            await expect(second.page.get_by_role("heading", name="Open reports")).to_be_focused()


async def test_the_decision_of_a_moderator_who_has_deleted_their_account_meanwhile_is_told(
    running: Stack, browser: Browser
) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        report = await report_of(ada, "posts", await write_post(ada, "Sell both"))
        async with a_member(browser, grace, "/moderation", hears_events=False) as member:
            await expect(item(member, "Sell both")).to_be_visible()
            async with registered_person(running, "mary", "moderator") as mary:
                await ask(mary, "PATCH", f"/moderation/reports/{report['id']}", json={"state": "dismissed"})
            # As the erasure of her account leaves the row.
            await running.databases.execute("posts_app", "UPDATE posts.reports SET decided_by = NULL")
            await member.press("Resolve “Sell both”")
            await member.answer("Resolve the report?", "Resolve")
            box = member.dialog("Another moderator has decided")
            await expect(box).to_contain_text("somebody who has no account here any more has dismissed the report")
            await member.answer("Another moderator has decided", "Close")
            await expect(item(member, "Sell both")).to_have_count(0)


async def test_a_decided_report_that_cannot_be_read_says_so(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        report = await report_of(ada, "posts", await write_post(ada, "Sell both"))
        async with a_member(browser, grace, "/moderation", hears_events=False, expected=OUTAGE) as member:
            path = f"/moderation/reports/{report['id']}"
            await expect(item(member, "Sell both")).to_be_visible()
            await ask(grace, "PATCH", path, json={"state": "dismissed"})

            async def fail(route: Route) -> None:
                await (route.fulfill(status=500) if route.request.method == "GET" else route.continue_())

            await member.page.route(f"**{path}", fail)
            await member.press("Resolve “Sell both”")
            await member.answer("Resolve the report?", "Resolve")
            await expect(member.status("The service answered 500.")).to_be_visible()


async def test_a_report_about_what_is_ones_own_is_left_to_another_moderator(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        report = await report_of(ada, "posts", await write_post(grace, "My own advertisement"))
        async with a_member(browser, grace, "/moderation") as member:
            own = item(member, "My own advertisement")
            await expect(own).to_contain_text("It is yours: another moderator decides about it.")
            await expect(own.get_by_role("button")).to_have_count(0)
            # Forged, it is refused, and the page says why.
            await member.call("PATCH", f"/moderation/reports/{report['id']}", state="dismissed")
            await expect(member.dialog("You may not do this")).to_contain_text("another moderator decides it")
        assert (await ask(grace, "GET", f"/moderation/reports/{report['id']}"))["state"] == "open"


async def test_a_reported_post_is_unpublished_with_a_reason_and_published_again(
    running: Stack, browser: Browser
) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        post = await write_post(ada, "Sell <i>this</i>")
        await report_of(ada, "posts", post)
        async with a_member(browser, grace, "/moderation") as member:
            await member.press("Unpublish “Sell <i>this</i>”")
            await member.answer("Unpublish “Sell <i>this</i>”?", "Unpublish", REASON)
            await expect(member.status("“Sell <i>this</i>” is unpublished.")).to_be_visible()
            await expect(item(member, "which is unpublished")).to_contain_text("Sell <i>this</i>")
            await ask(ada, "GET", f"/posts/by-slug/{post['slug']}")
            assert (await ask(ada, "GET", f"/posts/{post['id']}"))["unpublished_reason"] == REASON
            await member.page.get_by_role("link", name="Unpublished posts").click()
            await expect(item(member, "Sell <i>this</i>")).to_contain_text(REASON)
            await member.press("Read “Sell <i>this</i>”")
            await expect(item(member, "Sell <i>this</i>")).to_contain_text("A body")
            await member.press("Publish again “Sell <i>this</i>”")
            await member.answer("Publish “Sell <i>this</i>” again?", "Publish again", "It is none & fine")
            await expect(member.status("“Sell <i>this</i>” is published again.")).to_be_visible()
            await expect(item(member, "Sell <i>this</i>")).to_have_count(0)
            assert (await ask(ada, "GET", f"/posts/{post['id']}"))["state"] == "published"
            await member.page.get_by_role("link", name="Moderation log").click()
            unpublished, published = (
                f"{grace.username} unpublished a post of",
                f"{grace.username} published a post again of",
            )
            await expect(item(member, published).first).to_contain_text(f"{ada.username}")
            await expect(item(member, published).first).to_contain_text("It is none & fine")
            await expect(item(member, unpublished).first).to_contain_text(REASON)


async def test_a_reported_comment_is_deleted_and_its_reports_leave_the_queue(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        post = await write_post(ada, "On spam")
        comment = await write_comment(ada, post, "Buy <b>me</b>")
        for reporter in (ada, grace):
            await report_of(reporter, "comments", comment)
        async with a_member(browser, grace, "/moderation") as member:
            reports = item(member, "Buy <b>me</b>")
            await expect(reports).to_have_count(2)
            await expect(reports.first).to_contain_text(f"A comment by {ada.username} on On spam")
            link = reports.first.get_by_role("link", name="On spam")
            assert await link.get_attribute("href") == f"/p/{post['slug']}#comment-{comment['id']}"
            await reports.first.get_by_role("button", name="Delete comment “On spam”").click()
            await member.answer(f"Delete the comment of {ada.username}?", "Delete", REASON)
            await expect(member.status("The comment is deleted.")).to_be_visible()
            await expect(reports).to_have_count(0)
        assert (await ask(ada, "GET", f"/posts/{post['id']}/comments"))["items"] == []
        (act,) = (await ask(grace, "GET", f"/moderation/actions?post_id={post['id']}"))["items"]
        assert (act["action"], act["reason"]) == ("delete_comment", REASON)


@pytest.mark.parametrize("act", ["unpublish", "delete"])
async def test_nothing_is_done_to_a_text_that_has_changed_since_it_was_read(
    running: Stack, browser: Browser, act: str
) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        post = await write_post(ada, f"To {act}")
        comment = await write_comment(ada, post, "Buy me")
        about = ("posts", post) if act == "unpublish" else ("comments", comment)
        await report_of(ada, *about)
        async with a_member(browser, grace, "/moderation") as member:
            button = "Unpublish “To unpublish”" if act == "unpublish" else "Delete comment “To delete”"
            await member.press(button)
            box = member.page.get_by_role("dialog")
            await expect(box).to_be_visible()
            await ask(ada, "PATCH", f"/{about[0]}/{about[1]['id']}", json={"body": "It is harmless now"})
            await box.get_by_label("Reason").fill(REASON)
            await box.get_by_role("button", name=act.capitalize()).click()
            await expect(member.status("It has changed since you read it")).to_be_visible()
            await expect(item(member, f"To {act}")).to_contain_text("It is harmless now")
        assert (await ask(ada, "GET", f"/posts/{post['id']}"))["state"] == "published"
        assert len((await ask(ada, "GET", f"/posts/{post['id']}/comments"))["items"]) == 1


async def test_a_reported_post_that_changes_is_shown_as_it_is_now(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        post = await write_post(ada, "Sell tea")
        await report_of(ada, "posts", post)
        async with a_member(browser, grace, "/moderation") as member:
            await expect(item(member, "Sell tea")).to_contain_text("A body")
            await ask(ada, "PATCH", f"/posts/{post['id']}", json={"body": "Another body"})
            await expect(item(member, "Sell tea")).to_contain_text("Another body")
            await ask(ada, "PATCH", f"/posts/{post['id']}", json={"state": "draft"})
            await expect(item(member, "Sell tea")).to_have_count(0)
            await expect(member.page.get_by_text("a post that you may not see").first).to_be_visible()


async def test_the_queue_and_the_record_are_read_page_by_page(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        for number in range(21):
            post = await write_post(ada, f"Paged {number}")
            await report_of(ada, "posts", post)
            await ask(
                grace, "DELETE", f"/posts/{(await write_post(ada, 'x'))['id']}", 204, params={"reason": f"R{number}"}
            )
        async with a_member(browser, grace, "/moderation") as member:
            await expect(member.page.get_by_role("listitem")).to_have_count(20)
            await expect(item(member, "Paged 19")).to_be_visible()
            await member.press("More reports")
            await expect(item(member, "Paged 20")).to_be_focused()
            await expect(member.page.get_by_role("button", name="More reports")).to_have_count(0)
            await member.page.get_by_role("link", name="Moderation log").click()
            await expect(member.page.get_by_role("listitem")).to_have_count(20)
            await expect(member.page.get_by_role("listitem").first).to_contain_text("R20")
            await member.press("More entries")
            await expect(member.page.get_by_role("listitem").nth(20)).to_contain_text("R0")


async def test_a_role_that_is_lost_is_obeyed_while_the_page_is_open(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        await report_of(ada, "posts", await write_post(ada, "Sell late"))
        async with a_member(browser, grace, "/moderation") as member:
            await member.press("Dismiss “Sell late”")
            running.command("identity", "users", "set-roles", grace.username, "user")
            await expect(member.page.get_by_text(NO_MODERATOR)).to_be_visible()
            await expect(member.page.get_by_role("dialog")).to_have_count(0)
            assert "Sell late" not in await member.page.content()


async def test_signing_out_in_another_tab_empties_the_queue_at_once(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        await report_of(ada, "posts", await write_post(ada, "Sell out"))
        async with a_member(browser, grace, "/moderation") as member:
            await expect(item(member, "Sell out")).to_be_visible()
            other = await member.page.context.new_page()
            await other.goto(f"{running.posts}/about")
            await expect(signed_in_as(other, grace.username)).to_be_visible()
            await other.get_by_role("button", name="Sign out").click()
            await expect(member.page.get_by_text("You are not signed in.")).to_be_visible()
            assert "Sell out" not in await member.page.content()


async def test_no_list_of_the_moderators_has_a_barrier_and_each_fits_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect
) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        post = await write_post(ada, "On engines and what they weave, under a title that is long")
        for about in (("posts", post), ("comments", await write_comment(ada, post, "Buy *me*"))):
            await report_of(ada, *about)
        hidden = await write_post(ada, "Buy now")
        await ask(grace, "POST", f"/posts/{hidden['id']}/unpublish", json={"reason": REASON})
        for look in LOOKS:
            async with a_member(browser, grace, "/moderation", **look) as member:
                await expect(member.page.get_by_role("listitem")).to_have_count(2)
                await inspect(member.page, "moderation")
                await member.page.get_by_role("button", name="Resolve").first.click()
                await inspect(member.page, "moderation-deciding")
                for choice in ("unpublished", "actions"):
                    await member.go(f"/moderation?list={choice}")
                    await expect(member.page.get_by_text(REASON).first).to_be_visible()
                    await inspect(member.page, f"moderation-{choice}")
