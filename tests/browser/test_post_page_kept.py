"""A comment that somebody is writing on the page of a post is written once, by nobody else, and not lost."""

from asyncio import Event

from playwright.async_api import Browser, Page, Route, expect

from tests.browser.opening import OUTAGE
from tests.browser.post_pages import (
    begin_answer,
    comment,
    comment_on,
    comments_of,
    give_password,
    path_of,
    publish,
    reading,
    see_status,
    sign_in,
    write,
)
from tests.browser.writing import KEPT_TEXT_NOTICE
from tests.support.person import Person
from tests.support.stack import Stack

POSTING = "**/posts/*/comments"
AWAY = "The service cannot be reached at the moment. Your text is kept in this browser"
# What `json` does when the connection ends within the body.
BREAK_OFF = """() => {
  window.broken = 0;
  const { json } = Response.prototype;
  Response.prototype.json = function () {
    if (this.status !== 201 || window.broken++ > 0) return json.call(this);
    return Promise.reject(new TypeError("network error"));
  };
}"""


class Line:
    """The line on which a page sends comments: the first request is held until it is released."""

    def __init__(self) -> None:
        self.requests = 0
        self.arrived = Event()
        self.released = Event()

    async def handle(self, route: Route) -> None:
        if route.request.method == "POST":
            self.requests += 1
        if route.request.method == "POST" and self.requests == 1:
            self.arrived.set()
            await self.released.wait()
        await route.continue_()


async def held(page: Page) -> Line:
    line = Line()
    await page.route(POSTING, line.handle)
    return line


async def lose_an_answer(page: Page) -> None:
    """Lose the first answer to a comment that the page sends, and that is written."""
    lost = Event()

    async def handle(route: Route) -> None:
        if route.request.method != "POST" or lost.is_set():
            await route.continue_()
        else:
            lost.set()
            assert (await route.fetch()).status == 201
            await route.abort("connectionreset")

    await page.route(POSTING, handle)


async def test_a_double_click_on_a_slow_network_writes_one_comment(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    async with reading(browser, running, path_of(post), reader) as page:
        line = await held(page)
        await page.locator("#comment-body").fill("It weaves")
        await page.get_by_role("button", name="Publish comment").dblclick()
        await line.arrived.wait()
        await see_status(page, "Sending…")
        await expect(page.locator("#comment-body")).to_have_value("It weaves")
        await expect(page.locator("#comment-body")).not_to_be_editable()
        await page.get_by_role("button", name="Publish comment").click(force=True)
        line.released.set()
        await expect(comment(page, "It weaves")).to_be_focused()
        assert line.requests == len(await comments_of(reader, post)) == 1


async def test_a_comment_whose_answer_is_lost_is_sent_again_and_written_once(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    async with reading(browser, running, path_of(post), reader, expected=OUTAGE) as page:
        await lose_an_answer(page)
        await write(page, "It weaves")
        await expect(comment(page, "It weaves")).to_be_focused()
        assert len(await comments_of(reader, post)) == 1


async def test_a_comment_waits_for_a_service_that_is_away(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    async with reading(browser, running, path_of(post), reader, expected=OUTAGE) as page:
        await page.context.set_offline(True)
        await write(page, "It weaves")
        await see_status(page, AWAY)
        await expect(page.locator("#comment-body")).to_have_value("It weaves")
        await page.context.set_offline(False)
        await expect(comment(page, "It weaves")).to_be_focused()


async def test_a_comment_survives_a_reload_also_while_it_is_sent_and_is_written_once(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    parent = await comment_on(author, post, "A question")
    async with reading(browser, running, path_of(post), reader) as page:
        await begin_answer(page, "A question", "It weaves")
        await page.reload()
        await see_status(page, KEPT_TEXT_NOTICE)
        await expect(page.get_by_label("Your answer to the comment “A question”")).to_have_value("It weaves")
        written = Event()

        async def write_and_be_silent(route: Route) -> None:
            assert (await route.fetch()).status == 201
            written.set()

        await page.route(POSTING, write_and_be_silent)
        await page.get_by_role("button", name="Publish answer").click()
        await written.wait()
        # Not before the reload: the browser would send the request that is held, and get its answer.
        await page.reload()
        await page.unroute(POSTING)
        await see_status(page, KEPT_TEXT_NOTICE)
        await page.get_by_role("button", name="Publish answer").click()
        await expect(comment(page, "It weaves")).to_be_focused()
        answers = [each for each in await comments_of(reader, post) if each["parent_id"] == parent["id"]]
        assert [each["body"] for each in answers] == ["It weaves"]


async def test_a_comment_survives_the_end_of_the_session_also_while_it_is_sent(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    async with reading(browser, running, path_of(post), reader) as page:
        line = await held(page)
        await write(page, "It weaves")
        await line.arrived.wait()
        ended = await reader.http.delete(f"{running.identity}/sessions", headers=reader.identity_headers)
        assert ended.status_code == 204
        # The stream of events has ended, so that the page knows at once.
        await expect(page.locator("#comment-body")).to_have_count(0)
        line.released.set()
        dialog = page.get_by_role("dialog", name="Please sign in")
        await dialog.get_by_role("link", name="Sign in").click()
        await give_password(page, reader)
        await see_status(page, KEPT_TEXT_NOTICE)
        await expect(page.locator("#comment-body")).to_have_value("It weaves")
        await page.get_by_role("button", name="Publish comment").click()
        await expect(comment(page, "It weaves")).to_be_focused()


async def test_nobody_sends_or_sees_what_somebody_else_was_writing(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    async with reading(browser, running, path_of(post), reader, expected=OUTAGE) as page:

        async def refuse(route: Route) -> None:
            await (route.fulfill(status=503) if route.request.method == "POST" else route.continue_())

        await page.route(POSTING, refuse)
        await write(page, "Of the reader")
        await see_status(page, AWAY)
        other = await page.context.new_page()
        await other.goto(f"{running.posts}/about")
        await other.get_by_role("button", name="Sign out").click()
        await expect(other.get_by_role("link", name="Sign in")).to_be_visible()
        await sign_in(other, author)
        await expect(page.locator("#comment-body")).to_have_value("")
        await page.unroute(POSTING)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await write(page, "Of the author")
        await expect(comment(page, "Of the author")).to_be_focused()
        assert [each["body"] for each in await comments_of(author, post)] == ["Of the author"]


async def test_an_answer_that_is_being_typed_is_not_lost_to_a_change_of_the_same_comment(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    await comment_on(reader, post, "A question")
    async with reading(browser, running, path_of(post), reader) as page:
        await begin_answer(page, "A question", "My own answer")
        await comment(page, "A question").get_by_role("button", name="Edit").click()
        await see_status(page, "Finish what you are writing first: send it, or delete its text.")
        await expect(page.get_by_label("Your answer to the comment “A question”")).to_have_value("My own answer")


async def test_a_changed_comment_that_cannot_be_read_anew_is_not_asked_for_without_end(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    for number in range(20):
        await comment_on(author, post, f"Number {number}.")
    own = await comment_on(reader, post, "Mine")
    async with reading(browser, running, path_of(post), reader, expected=OUTAGE) as page:
        await page.get_by_role("button", name="More comments").click()
        await comment(page, "Mine").get_by_role("button", name="Edit").click()
        await page.locator("#comment-body").fill("Mine, and more")
        await page.reload()
        await see_status(page, KEPT_TEXT_NOTICE)
        url = f"{running.posts}/comments/{own['id']}"
        await reader.http.patch(url, json={"body": "Changed elsewhere"}, headers=reader.headers)
        await expect(page.get_by_role("button", name="More comments")).to_be_visible()
        await page.route(f"{running.posts}/posts/*/comments?*", lambda route: route.fulfill(status=500))
        await page.get_by_role("button", name="Save comment").click()
        await expect(page.get_by_role("alert")).to_have_text("The comment cannot be found. Your text is still here.")
        await page.unroute_all()
        await page.get_by_role("button", name="Save comment").click()
        await expect(page.get_by_role("dialog").locator("pre")).to_have_text(["Mine, and more", "Changed elsewhere"])
        await expect(page.locator("#comment-body")).to_have_value("Mine, and more")


async def test_a_comment_whose_answer_breaks_off_is_sent_again_and_written_once(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    async with reading(browser, running, path_of(post), reader) as page:
        await expect(page.locator("#comment-body")).to_be_editable()
        await page.evaluate(BREAK_OFF)
        await write(page, "It weaves")
        await expect(comment(page, "It weaves")).to_be_focused()
        assert await page.evaluate("window.broken") == 2
        assert len(await comments_of(reader, post)) == 1
