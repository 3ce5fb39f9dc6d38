"""The page of a post in a real browser: likes, and what its author and others may do with it."""

from asyncio import gather
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.barriers import LOOKS, Inspect
from tests.browser.post_pages import (
    comment,
    comment_on,
    give_password,
    give_reason,
    path_of,
    publish,
    reading,
    sign_in,
)
from tests.support.person import Person
from tests.support.stack import Stack

POST = {"title": "On engines", "body": "It *weaves*."}
DELETE_BY_HAND = """async (id) => {
    const { call } = await import("/assets/api.js");
    try { return (await call("DELETE", `/posts/${id}`)).status; } catch (refused) { return refused.status; }
}"""


async def state_of(person: Person, post: dict[str, str]) -> str | None:
    """The state of the post as this person sees it, None if they do not."""
    answer = await person.http.get(f"{person.stack.posts}/posts/{post['id']}", headers=person.headers)
    return answer.json()["state"] if answer.status_code == 200 else None


async def test_a_reader_without_an_account_sees_the_likes_and_is_led_to_sign_in_and_back(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author, **POST)
    await author.http.put(f"{running.posts}/posts/{post['id']}/like", headers=author.headers)
    async with reading(browser, running, path_of(post)) as page:
        await expect(page.get_by_text("1 like.")).to_be_visible()
        await expect(page.get_by_role("button", name="Like")).to_have_count(0)
        await page.locator("#post-acts").get_by_role("link", name="Sign in").click()
        await give_password(page, reader)
        assert page.url == f"{running.posts}{path_of(post)}"
        await expect(page.get_by_role("button", name="Like", pressed=False)).to_be_visible()


async def test_a_like_is_counted_and_taken_back_and_is_there_after_a_reload(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author, **POST)
    async with reading(browser, running, path_of(post), reader) as page:
        await page.get_by_role("button", name="Like", pressed=False).click()
        await expect(page.get_by_role("button", name="Like", pressed=True)).to_be_visible()
        await expect(page.get_by_text("1 like")).to_be_visible()
        await page.reload()
        await page.get_by_role("button", name="Like", pressed=True).click()
        await expect(page.get_by_role("button", name="Like", pressed=False)).to_be_visible()
        await expect(page.get_by_text("0 likes")).to_be_visible()


async def test_an_author_changes_and_deletes_their_post(running: Stack, browser: Browser, author: Person) -> None:
    post = await publish(author, **POST)
    async with reading(browser, running, path_of(post), author) as page:
        acts = page.locator("#post-acts")
        await expect(acts.get_by_role("link", name="Edit")).to_have_attribute("href", f"{path_of(post)}/edit")
        await expect(acts.get_by_role("button", name="Report")).to_have_count(0)
        await acts.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        assert await state_of(author, post) == "published"
        await acts.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await page.wait_for_url(f"{running.posts}/")
        assert await state_of(author, post) is None


async def test_nobody_else_sees_edit_or_delete_and_a_request_by_hand_is_refused_in_a_dialog(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author, **POST)
    async with reading(browser, running, path_of(post), reader) as page:
        acts = page.locator("#post-acts")
        await expect(acts.get_by_role("button", name="Report")).to_be_visible()
        await expect(acts.get_by_role("link")).to_have_count(0)
        for name in ("Delete", "Unpublish"):
            await expect(acts.get_by_role("button", name=name)).to_have_count(0)
        forged = page.evaluate(DELETE_BY_HAND, post["id"])
        dialog = page.get_by_role("dialog", name="You may not do this")

        async def read_it() -> None:
            await expect(dialog.get_by_text("Only the author of a post may do this.")).to_be_visible()
            await dialog.get_by_role("button", name="Close").click()

        status, _ = await gather(forged, read_it())
        assert status == 403
        assert await state_of(author, post) == "published"


async def test_a_reader_reports_a_post_once(running: Stack, browser: Browser, author: Person, reader: Person) -> None:
    post = await publish(author, **POST)
    async with reading(browser, running, path_of(post), reader) as page:
        for said in ("Thank you. The moderators will look at it.", "The moderators have your report already."):
            await page.locator("#post-acts").get_by_role("button", name="Report").click()
            await give_reason(page, "It is an advertisement", "Report")
            await expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()


async def test_a_moderator_unpublishes_with_a_reason_that_the_author_sees_and_readers_see_nothing(
    running: Stack, browser: Browser, author: Person, moderator: Person
) -> None:
    post = await publish(author, **POST)
    path = path_of(post)
    async with (
        reading(browser, running, path, moderator) as moderating,
        reading(browser, running, path, author) as own,
        reading(browser, running, path) as anonymous,
    ):
        await expect(own.get_by_role("button", name="Like")).to_be_visible()
        await moderating.get_by_role("button", name="Unpublish").click()
        await give_reason(moderating, "It is spam", "Unpublish")
        for page in (moderating, own):
            await expect(page.get_by_text("A moderator has unpublished this post: It is spam")).to_be_visible()
            await expect(page.get_by_text("weaves")).to_be_visible()
        await expect(anonymous.get_by_role("heading", level=1)).to_have_text("This post is not public")
        await expect(anonymous.get_by_text("weaves")).to_have_count(0)
        other = await own.context.new_page()
        await other.goto(f"{running.posts}/about")
        await other.get_by_role("button", name="Sign out").click()
        await expect(own.get_by_role("heading", level=1)).to_have_text("This post is not public")
        await expect(own.get_by_text("weaves")).to_have_count(0)


async def test_a_moderator_deletes_anothers_post_with_a_reason_that_is_recorded(
    running: Stack, browser: Browser, author: Person, moderator: Person
) -> None:
    post = await publish(author, **POST)
    async with reading(browser, running, path_of(post), moderator) as page:
        acts = page.locator("#post-acts")
        await expect(acts.get_by_role("link", name="Edit")).to_be_visible()
        await acts.get_by_role("button", name="Delete").click()
        await give_reason(page, "It is spam", "Delete")
        await page.wait_for_url(f"{running.posts}/")
    url = f"{running.posts}/moderation/actions"
    actions = (await moderator.http.get(url, params={"post_id": post["id"]}, headers=moderator.headers)).json()["items"]
    assert [(each["action"], each["reason"]) for each in actions] == [("delete", "It is spam")]


@pytest.mark.parametrize("look", LOOKS, ids=str)
async def test_the_page_has_no_barrier_for_a_moderator_who_answers_a_comment(
    running: Stack, browser: Browser, author: Person, moderator: Person, inspect: Inspect, look: dict[str, Any]
) -> None:
    post = await publish(author, **POST, tags=["engines"])
    await comment_on(author, post, "A question")
    async with reading(browser, running, path_of(post), moderator, **look) as page:
        await page.get_by_role("button", name="Like", pressed=False).click()
        await expect(page.get_by_role("button", name="Like", pressed=True)).to_be_visible()
        await comment(page, "A question").get_by_role("button", name="Answer").click()
        await inspect(page, "post-signed-in")


async def test_what_is_a_persons_disappears_when_they_sign_out(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author, **POST)
    async with reading(browser, running, path_of(post), author) as page:
        await page.locator("#comment-body").fill("A secret")
        other = await page.context.new_page()
        await other.goto(f"{running.posts}/about")
        await other.get_by_role("button", name="Sign out").click()
        await expect(page.locator("#post-acts").get_by_role("link", name="Sign in")).to_be_visible()
        for gone in (page.locator("#post-acts button"), page.locator("#comment-body")):
            await expect(gone).to_have_count(0)
        await sign_in(other, reader)
        # The other tab has told this one who is signed in now.
        await expect(page.locator("#post-acts").get_by_role("button", name="Report")).to_be_visible()
        await expect(page.locator("#comment-body")).to_have_value("")
        await expect(page.locator("#post-acts").get_by_role("button", name="Delete")).to_have_count(0)
