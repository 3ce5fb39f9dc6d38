"""What others do with a post, and with the comments on it, is seen while its page is open."""

from playwright.async_api import Browser, expect

from tests.browser.post_pages import comment, comment_on, path_of, publish, reading, see_status, write
from tests.support.person import Person
from tests.support.stack import Stack


async def test_another_person_sees_the_like_the_comment_its_change_and_its_deletion(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    async with (
        reading(browser, running, path_of(post), reader) as page,
        reading(browser, running, path_of(post), author) as other,
        reading(browser, running, path_of(post)) as anonymous,
    ):
        others = (other, anonymous)
        await page.get_by_role("button", name="Like", pressed=False).click()
        for each in others:
            await expect(each.get_by_text("1 like")).to_be_visible()
        await expect(other.get_by_role("button", name="Like", pressed=False)).to_be_visible()
        await write(page, "It weaves")
        for each in others:
            await expect(comment(each, "It weaves")).to_be_visible()
            await expect(each.locator("#comments-title")).to_have_text("1 comment")
        await comment(page, "It weaves").get_by_role("button", name="Edit").click()
        await write(page, "It does weave", "Save comment")
        for each in others:
            await expect(comment(each, "It does weave")).to_be_visible()
        await comment(page, "It does weave").get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        for each in others:
            await expect(each.locator("#comments li")).to_have_count(0)
            await expect(each.locator("#comments-title")).to_have_text("0 comments")


async def test_a_reader_sees_what_the_author_changes_and_goes_on_typing(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author, title="On engines", body="One.")
    url = f"{running.posts}/posts/{post['id']}"
    async with (
        reading(browser, running, path_of(post), reader) as page,
        reading(browser, running, path_of(post)) as anonymous,
    ):
        form = page.locator("#comment-body")
        await form.press_sequentially("It we")
        await page.evaluate("document.activeElement.dataset.mark = 'the same'")
        changes = {"title": "On looms", "body": "*Two.*", "tags": ["looms"]}
        assert (await author.http.patch(url, json=changes, headers=author.headers)).status_code == 200
        await comment_on(author, post, "Read it again")
        for each in (page, anonymous):
            await see_status(each, "The post has changed. You see what it says now.")
            await expect(each.get_by_role("heading", level=1)).to_have_text("On looms")
            await expect(each.locator("#post-text .text em")).to_have_text("Two.")
            await expect(each.locator("#post-text").get_by_role("link", name="looms")).to_be_visible()
            await expect(each).to_have_title("On looms – Watchword posts")
            await expect(comment(each, "Read it again")).to_be_visible()
        await expect(form).to_be_focused()
        await expect(form).to_have_attribute("data-mark", "the same")
        await page.keyboard.type("aves")
        await expect(form).to_have_value("It weaves")
        # The address is that of the title, so that a reload and a link lead here.
        slug = (await author.http.get(url)).json()["slug"]
        assert page.url == f"{running.posts}/p/{slug}"
        await page.get_by_role("button", name="Publish comment").click()
        await expect(comment(page, "It weaves")).to_be_focused()


async def test_what_somebody_types_stays_when_the_post_disappears(
    running: Stack, browser: Browser, author: Person, reader: Person
) -> None:
    post = await publish(author)
    url = f"{running.posts}/posts/{post['id']}"
    async with reading(browser, running, path_of(post), reader) as page:
        await page.locator("#comment-body").press_sequentially("It we")
        assert (await author.http.patch(url, json={"state": "draft"}, headers=author.headers)).status_code == 200
        await expect(page.get_by_role("heading", level=1)).to_have_text("This post is not public")
        await page.keyboard.type("aves")
        await expect(page.locator("#comment-body")).to_have_value("It weaves")
        await page.get_by_role("button", name="Publish comment").click()
        await expect(page.get_by_role("alert")).to_have_text("There is no such post.")
        await expect(page.locator("#comment-body")).to_have_value("It weaves")


async def test_a_post_that_is_a_draft_again_disappears_and_comes_back_when_it_is_public(
    running: Stack, browser: Browser, author: Person
) -> None:
    post = await publish(author, title="On engines", body="A secret.")
    url = f"{running.posts}/posts/{post['id']}"
    async with reading(browser, running, path_of(post)) as page:
        await expect(page.get_by_text("A secret.")).to_be_visible()
        # Whether this is before the stream of events has begun or after it.
        await author.http.put(f"{url}/like", headers=author.headers)
        await expect(page.get_by_text("1 like")).to_be_visible()
        for state, heading in (("draft", "This post is not public"), ("published", "On engines")):
            answer = await author.http.patch(url, json={"state": state}, headers=author.headers)
            assert answer.status_code == 200
            await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
            await expect(page.get_by_text("A secret.")).to_have_count(int(state == "published"))
