"""The comments on the page of a post in a real browser: written, answered, changed, deleted and reported."""

import re

from playwright.async_api import Browser, expect

from tests.browser.post_pages import (
    begin_answer,
    comment,
    comment_on,
    comments_of,
    confirm,
    give_reason,
    path_of,
    publish,
    reading,
    see_status,
    write,
)
from tests.support.person import Person
from tests.support.stack import Stack


async def test_a_comment_is_written_answered_changed_and_deleted_and_the_focus_follows(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    async with reading(browser, running, path_of(post), reader) as page:
        await write(page, "It *does* weave")
        await see_status(page, "Your comment is published.")
        written = comment(page, "It does weave")
        await expect(written).to_be_focused()
        await expect(written.locator("em")).to_have_text("does")
        await expect(page.locator("#comment-body")).to_have_value("")
        await page.get_by_role("button", name=f"Answer the comment “It *does* weave” by {reader.username}").click()
        await expect(
            page.get_by_label(f"Your answer to the comment “It *does* weave” by {reader.username}")
        ).to_be_focused()
        await write(page, "Patterns", "Publish answer")
        answer = comment(page, "Patterns")
        await expect(answer).to_be_focused()
        await expect(answer).to_have_class("answer")
        await expect(answer.get_by_role("button", name="Answer")).to_have_count(0)
        await answer.get_by_role("button", name="Edit").click()
        await expect(page.locator("#comment-body")).to_have_value("Patterns")
        await write(page, "Algebraic patterns", "Save comment")
        await expect(comment(page, "Algebraic patterns")).to_contain_text("changed")
        # One that has answers leaves a placeholder, which goes with the last of them.
        await written.first.get_by_role("button", name="Delete").click()
        await confirm(page, "Delete")
        await see_status(page, "The comment is deleted.")
        await expect(page.locator("#comments-title")).to_be_focused()
        await expect(comment(page, "This comment was removed.")).to_have_count(1)
        await comment(page, "Algebraic").get_by_role("button", name="Delete").click()
        await confirm(page, "Delete")
        await expect(page.locator("#comments li")).to_have_count(0)
        await expect(page.locator("#comments-title")).to_have_text("0 comments")


async def test_nobody_sees_edit_or_delete_on_anothers_comment_and_everybody_can_report_it(
    running: Stack, browser: Browser, author: Person, reader: Person, moderator: Person
) -> None:
    post = await publish(author)
    await comment_on(moderator, post, "Mine")
    async with reading(browser, running, path_of(post), reader) as page:
        others = comment(page, "Mine")
        await expect(others.get_by_role("button")).to_have_text(["Answer", "Report"])
        await others.get_by_role("button", name="Report").click()
        await give_reason(page, "It is an advertisement", "Report")
        await see_status(page, "Thank you. The moderators will look at it.")
    async with reading(browser, running, path_of(post)) as page:
        await expect(comment(page, "Mine")).to_be_visible()
        await expect(page.locator("#comments button")).to_have_count(0)


async def test_the_author_of_a_post_deletes_comments_on_it_without_a_reason_and_a_moderator_with_one(
    running: Stack, browser: Browser, author: Person, reader: Person, moderator: Person
) -> None:
    post = await publish(author)
    for body in ("First", "Second"):
        await comment_on(reader, post, body)
    async with reading(browser, running, path_of(post), author) as page:
        await expect(comment(page, "First").get_by_role("button")).to_have_text(["Answer", "Delete", "Report"])
        await comment(page, "First").get_by_role("button", name="Delete").click()
        await confirm(page, "Delete")
        await see_status(page, "The comment is deleted.")
    async with reading(browser, running, path_of(post), moderator) as page:
        await comment(page, "Second").get_by_role("button", name="Delete").click()
        await give_reason(page, "It is spam", "Delete")
        await see_status(page, "The comment is deleted.")
    assert await comments_of(author, post) == []
    url = f"{running.posts}/moderation/actions"
    actions = (await moderator.http.get(url, params={"post_id": post["id"]}, headers=moderator.headers)).json()["items"]
    assert [(each["action"], each["reason"]) for each in actions] == [("delete_comment", "It is spam")]


async def test_more_comments_follow_and_an_own_one_is_shown_before_them(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    for number in range(25):
        await comment_on(author, post, f"Number {number}.")
    async with reading(browser, running, path_of(post), reader) as page:
        shown = page.locator("#comments li")
        await expect(page.get_by_role("button", name="More comments")).to_be_visible()
        await expect(shown).to_have_count(20)
        await write(page, "My own")
        await expect(comment(page, "My own")).to_be_focused()
        await expect(shown).to_have_count(21)
        await page.get_by_role("button", name="More comments").click()
        await expect(comment(page, "Number 20.")).to_be_focused()
        await expect(shown).to_have_count(26)
        await expect(comment(page, "My own")).to_have_count(1)
        await expect(page.get_by_role("button", name="More comments")).to_have_count(0)


async def test_without_a_script_the_comments_are_read_page_by_page(
    running: Stack, browser: Browser, author: Person
) -> None:
    post = await publish(author)
    for number in range(21):
        await comment_on(author, post, f"Number {number}.")
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{running.posts}{path_of(post)}")
    await page.get_by_role("link", name="More comments").click()
    await expect(page.locator("#comments li")).to_have_text(re.compile("Number 20."))
    await context.close()


async def test_two_changes_of_a_comment_are_shown_side_by_side(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    own = await comment_on(reader, post, "One")
    url = f"{running.posts}/comments/{own['id']}"
    async with reading(browser, running, path_of(post), reader) as page:
        for outcome, elsewhere, choice in (("mine", "Two", "Keep yours"), ("Four", "Four", "Take the other one")):
            await page.locator("#comments li").get_by_role("button", name="Edit").click()
            await page.locator("#comment-body").fill("mine")
            answer = await reader.http.patch(url, json={"body": elsewhere}, headers=reader.headers)
            assert answer.status_code == 200
            await page.get_by_role("button", name="Save comment").click()
            dialog = page.get_by_role("dialog", name="There are two versions")
            await expect(dialog.locator("pre")).to_have_text(["mine", elsewhere])
            await dialog.get_by_role("button", name=choice).click()
            await expect(page.locator("#comments li .text")).to_have_text(outcome)
        assert [each["body"] for each in await comments_of(reader, post)] == ["Four"]


async def test_a_comment_that_is_refused_says_why_and_stays_in_the_form(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    parent = await comment_on(author, post, "A question")
    async with reading(browser, running, path_of(post), reader) as page:
        await begin_answer(page, "A question", "An answer")
        await author.http.delete(f"{running.posts}/comments/{parent['id']}", headers=author.headers)
        await expect(comment(page, "A question")).to_have_count(0)
        await page.get_by_role("button", name="Publish answer").click()
        await expect(page.get_by_role("alert")).to_have_text("This post has no such comment.")
        await expect(page.locator("#comment-body")).to_have_value("An answer")
        await page.get_by_role("button", name="Cancel").click()
        await page.get_by_role("button", name="Publish comment").click()
        await expect(comment(page, "An answer")).to_be_focused()
