"""The page of what a person has written: what it lists, and what can be done there."""

from asyncio import Event
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, Request, Route, expect

from tests.browser.members import Member, a_member, ask, signed_in_as, write_post
from tests.browser.opening import opened
from tests.browser.post_pages import give_credentials, registered_person
from tests.support.stack import Stack

# An event as another tab passes it on.
EVENT = "event => new BroadcastChannel('live').postMessage({ id: null, ...event })"
NAMES = ("Unpublished by a moderator", "Drafts", "Published")


def post_of(member: Member, title: str) -> Locator:
    return member.page.get_by_role("article").filter(has=member.page.get_by_role("link", name=title, exact=True))


async def titles_of(page: Page, name: str) -> list[str]:
    """The titles that this list has, in its order."""
    return await page.get_by_role("region", name=name, exact=True).get_by_role("heading", level=3).all_text_contents()


async def test_who_is_not_signed_in_is_led_to_sign_in_and_back(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, opened(browser, (running.posts, running.identity)) as page:
        await write_post(ada, "On engines")
        await page.goto(f"{running.posts}/mine")
        await expect(page.get_by_text("You are not signed in. Sign in to see your posts.")).to_be_visible()
        await page.get_by_role("main").get_by_role("link", name="Sign in").click()
        await give_credentials(page, ada.username)
        await expect(page.get_by_role("link", name="On engines", exact=True)).to_be_visible()
        assert page.url == f"{running.posts}/mine"


async def test_the_page_has_what_the_person_wrote_by_its_state(running: Stack, browser: Browser) -> None:
    hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        published = await write_post(ada, "On <b>engines</b>")
        await write_post(ada, "Soon", published_at=hour)
        await write_post(ada, "Unfinished", state="draft")
        hidden = await write_post(ada, "Buy now")
        await write_post(grace, "Of somebody else")
        await write_post(grace, "A draft of somebody else", state="draft")
        await ask(grace, "PUT", f"/posts/{published['id']}/like")
        for text in ("One", "Two"):
            await ask(grace, "POST", f"/posts/{published['id']}/comments", 201, json={"body": text})
        await ask(grace, "POST", f"/posts/{hidden['id']}/unpublish", json={"reason": "It is <i>an</i> advertisement"})
        async with a_member(browser, ada, "/mine") as member:
            await expect(post_of(member, "Buy now")).to_contain_text("A moderator says: It is <i>an</i> advertisement")
            listed = [await titles_of(member.page, name) for name in NAMES]
            assert listed == [["Buy now"], ["Unfinished", "Soon"], ["On <b>engines</b>"]]
            await expect(post_of(member, "On <b>engines</b>")).to_contain_text("1 like · 2 comments")
            await expect(post_of(member, "Soon")).to_contain_text("To be published on")
            await expect(post_of(member, "Unfinished")).to_contain_text("Begun on")
            paths = [await paths_of(member, title) for title in ("On <b>engines</b>", "Unfinished", "Buy now")]
    assert [path[0] for path in paths[:1]] == [f"/p/{published['slug']}"]
    assert paths[0][1:] == [f"/p/{published['slug']}/edit", f"/mine?history={published['id']}"]
    # What is not published has no page for readers.
    assert all(title == edit for title, edit, _ in paths[1:])


async def paths_of(member: Member, title: str) -> list[str | None]:
    """Where the links of this post lead."""
    return [await link.get_attribute("href") for link in await post_of(member, title).get_by_role("link").all()]


async def test_a_post_is_deleted_after_a_confirmation_and_the_focus_goes_on(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada:
        last, first = await write_post(ada, "Last"), await write_post(ada, "First")
        async with a_member(browser, ada, "/mine") as member:
            await member.press("Delete “First”")
            await member.answer("Delete “First”?", "Cancel")
            await ask(ada, "GET", f"/posts/{first['id']}")
            await member.press("Delete “First”")
            await member.answer("Delete “First”?", "Delete")
            await expect(member.status("“First” is deleted.")).to_be_visible()
            await ask(ada, "GET", f"/posts/{first['id']}", 404)
            await expect(member.page.get_by_role("link", name="Last", exact=True)).to_be_focused()
            await member.press("Delete “Last”")
            await member.answer("Delete “Last”?", "Delete")
            await expect(member.status("“Last” is deleted.")).to_be_visible()
            await ask(ada, "GET", f"/posts/{last['id']}", 404)
            await expect(member.page.get_by_role("heading", name="Published", exact=True)).to_be_focused()
            await expect(member.page.get_by_text("You have no published posts.")).to_be_visible()


async def test_a_draft_is_published_taken_back_and_its_schedule_cancelled(running: Stack, browser: Browser) -> None:
    hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    async with registered_person(running, "ada") as ada:
        post = await write_post(ada, "On engines", published_at=hour)
        async with a_member(browser, ada, "/mine") as member:
            await member.press("Cancel the schedule “On engines”")
            await expect(member.status("“On engines” is not scheduled any more.")).to_be_visible()
            assert (await ask(ada, "GET", f"/posts/{post['id']}"))["published_at"] is None
            await member.press("Publish now “On engines”")
            await expect(member.status("“On engines” is published.")).to_be_visible()
            assert (await ask(ada, "GET", f"/posts/{post['id']}"))["state"] == "published"
            assert [await titles_of(member.page, name) for name in NAMES[1:]] == [[], ["On engines"]]
            await expect(member.page.get_by_role("link", name="On engines", exact=True)).to_be_focused()
            await member.press("Back to draft “On engines”")
            await member.answer("Make “On engines” a draft?", "Make it a draft")
            await expect(member.status("“On engines” is a draft.")).to_be_visible()
            assert (await ask(ada, "GET", f"/posts/{post['id']}"))["state"] == "draft"
            assert [await titles_of(member.page, name) for name in NAMES[1:]] == [["On engines"], []]


@pytest.mark.parametrize("act", ["Publish now", "Delete"])
async def test_nothing_is_done_to_a_post_that_has_changed_since_it_was_read(
    running: Stack, browser: Browser, act: str
) -> None:
    async with registered_person(running, "ada") as ada:
        post = await write_post(ada, "On engines", state="draft")
        async with a_member(browser, ada, "/mine", hears_events=False) as member:
            await expect(post_of(member, "On engines")).to_be_visible()
            await ask(ada, "PATCH", f"/posts/{post['id']}", json={"title": "On looms"})
            await member.press(f"{act} “On engines”")
            if act == "Delete":
                await member.answer("Delete “On engines”?", act)
            await expect(
                member.status("“On looms” has changed since you read it, and is shown as it is now.")
            ).to_be_visible()
            await expect(post_of(member, "On looms")).to_be_visible()
            assert (await ask(ada, "GET", f"/posts/{post['id']}"))["state"] == "draft"


async def test_what_a_moderator_has_unpublished_meanwhile_is_shown_so(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        post = await write_post(ada, "Buy now")
        async with a_member(browser, ada, "/mine") as member:
            await expect(post_of(member, "Buy now")).to_be_visible()
            await ask(grace, "POST", f"/posts/{post['id']}/unpublish", json={"reason": "It is an advertisement"})
            await expect(post_of(member, "Buy now")).to_contain_text("A moderator says: It is an advertisement")
            await expect(member.page.get_by_role("button", name="Back to draft “Buy now”")).to_have_count(0)
            # Forged, it is refused, and the page says why.
            await member.call("PATCH", f"/posts/{post['id']}", state="published")
            await expect(member.dialog("You may not do this")).to_contain_text("A moderator has unpublished the post")


async def test_a_post_that_is_published_elsewhere_is_shown_at_once(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada:
        post = await write_post(ada, "On engines", state="draft")
        async with a_member(browser, ada, "/mine") as member:
            await expect(post_of(member, "On engines")).to_be_visible()
            await ask(ada, "PATCH", f"/posts/{post['id']}", json={"state": "published"})
            await expect(member.page.get_by_role("button", name="Back to draft “On engines”")).to_be_visible()
            assert await titles_of(member.page, "Drafts") == []


async def test_further_posts_are_read_page_by_page(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada:
        for number in range(45):
            await write_post(ada, f"Draft {number}", state="draft")
        async with a_member(browser, ada, "/mine") as member:
            for shown in (20, 40):
                await expect(member.page.get_by_role("article")).to_have_count(shown)
                await member.press("More drafts")
                await expect(member.page.get_by_role("link", name=f"Draft {44 - shown}", exact=True)).to_be_focused()
            await expect(member.page.get_by_role("article")).to_have_count(45)
            await expect(member.page.get_by_role("button", name="More drafts")).to_have_count(0)
            assert await titles_of(member.page, "Drafts") == [f"Draft {number}" for number in range(44, -1, -1)]


async def test_a_further_page_that_has_become_empty_is_no_error(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada:
        oldest, *_ = [await write_post(ada, f"Draft {number}", state="draft") for number in range(21)]
        async with a_member(browser, ada, "/mine") as member:
            await expect(member.page.get_by_role("article")).to_have_count(20)
            await ask(ada, "DELETE", f"/posts/{oldest['id']}", 204)
            await member.press("More drafts")
            await expect(member.page.get_by_role("button", name="More drafts")).to_have_count(0)
            await expect(member.page.get_by_role("article")).to_have_count(20)


async def test_a_page_that_was_asked_for_before_the_list_began_anew_is_not_added_to_it(
    running: Stack, browser: Browser
) -> None:
    async with registered_person(running, "ada") as ada:
        for number in range(41):
            await write_post(ada, f"Draft {number}", state="draft")
        async with a_member(browser, ada, "/mine") as member:
            await member.press("More drafts")
            await expect(member.page.get_by_role("article")).to_have_count(40)
            arrived, released = Event(), Event()

            async def hold(route: Route) -> None:
                arrived.set()
                await released.wait()
                await route.continue_()

            await member.page.route("**/posts?state=draft&cursor=*", hold)
            await member.press("More drafts")
            await arrived.wait()
            await member.page.evaluate(EVENT, {"name": "reset", "data": {}})
            await expect(member.page.get_by_role("article")).to_have_count(20)
            released.set()
            await member.page.unroute_all(behavior="wait")
            await member.press("More drafts")
            await expect(member.page.get_by_role("link", name="Draft 20", exact=True)).to_be_focused()
            await expect(member.page.get_by_role("article")).to_have_count(40)


async def test_an_event_that_comes_late_does_not_show_a_draft_as_published(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada:
        post = await write_post(ada, "On engines")
        other = await write_post(ada, "On looms", state="draft")
        async with a_member(browser, ada, "/mine") as member:
            await member.press("Back to draft “On engines”")
            await member.answer("Make “On engines” a draft?", "Make it a draft")
            await expect(member.status("“On engines” is a draft.")).to_be_visible()
            now = datetime.now(UTC).isoformat()
            for event in (post, {**other, "state": "published", "published_at": now, "version": 2}):
                await member.page.evaluate(EVENT, {"name": "post", "data": event})
            await expect(member.page.get_by_role("button", name="Back to draft “On looms”")).to_be_visible()
            assert [await titles_of(member.page, name) for name in NAMES[1:]] == [["On engines"], ["On looms"]]


async def test_signing_out_in_another_tab_empties_the_page_at_once(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada:
        await write_post(ada, "Unfinished", state="draft")
        async with a_member(browser, ada, "/mine") as member:
            await member.press("Delete “Unfinished”")
            await expect(member.dialog("Delete “Unfinished”?")).to_be_visible()
            other = await member.page.context.new_page()
            await other.goto(f"{running.posts}/about")
            await expect(signed_in_as(other, ada.username)).to_be_visible()
            await other.get_by_role("button", name="Sign out").click()
            await expect(member.page.get_by_text("You are not signed in.")).to_be_visible()
            await expect(member.page.get_by_text("Unfinished")).to_have_count(0)
            assert "Unfinished" not in await member.page.content()


async def test_a_token_that_is_refused_is_renewed_and_the_act_done(running: Stack, browser: Browser) -> None:
    statuses: list[int] = []

    async def with_a_bad_token_first(route: Route, request: Request) -> None:
        if statuses:
            await route.continue_()
        else:
            await route.continue_(headers={**request.headers, "authorization": "Bearer expired"})

    async with registered_person(running, "ada") as ada:
        post = await write_post(ada, "On engines", state="draft")
        async with a_member(browser, ada, "/mine") as member:
            path = f"{running.posts}/posts/{post['id']}"
            await member.page.route(path, with_a_bad_token_first)
            member.page.on("response", lambda answer: statuses.append(answer.status) if answer.url == path else None)
            await member.press("Publish now “On engines”")
            await expect(member.status("“On engines” is published.")).to_be_visible()
            assert statuses == [401, 200]


async def test_on_a_slow_network_a_second_press_does_no_harm(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada:
        post = await write_post(ada, "On engines", state="draft")
        async with a_member(browser, ada, "/mine") as member:
            network = await member.page.context.new_cdp_session(member.page)
            conditions = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
            await network.send("Network.enable")
            await network.send("Network.emulateNetworkConditions", conditions)
            await member.page.get_by_role("button", name="Publish now “On engines”").dblclick()
            await expect(member.status("“On engines” is published.")).to_be_visible()
            read: dict[str, Any] = await ask(ada, "GET", f"/posts/{post['id']}")
            assert (read["state"], read["version"]) == ("published", 2)
            await expect(post_of(member, "On engines")).to_have_count(1)
