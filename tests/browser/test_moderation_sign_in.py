"""A moderator who signed in too long ago is asked to do so once more, and finds again what they typed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Route, expect

from tests.browser.barriers import Inspect, inspect_in_every_look
from tests.browser.members import Member, a_member, signed_in_as, write_post
from tests.browser.post_pages import give_credentials, registered_person
from tests.browser.test_moderation import item, report_of
from tests.support.stack import Stack, stack

ONCE_MORE = "Please sign in once more"
LINK = "Sign in once more"
REFUSAL = "This needs a more recent or a stronger sign-in."
# As if the moderators had signed in an hour ago.
MAKE_OLD = (
    "UPDATE identity.sign_ons SET authenticated_at = authenticated_at - interval '1 hour'",
    "UPDATE identity.sessions SET authenticated_at = authenticated_at - interval '1 hour'",
)
SESSIONS = (
    "SELECT sessions.id::text, username FROM identity.sessions JOIN identity.users ON users.id = user_id"
    " WHERE client_id = 'posts-pages' AND ended_at IS NULL"
)
# The page gets another token, as it does every ten minutes.
RENEW = "import('/assets/session.js').then(async ({ accessToken }) => void (await accessToken(await accessToken())))"

# As when the person signs out in another tab, or the session ends elsewhere.
END_SESSION = "import('/assets/session.js').then(({ sessionEnded }) => sessionEnded())"
KEEP_ANOTHER_TEXT = "localStorage.setItem('text:another', `${Date.now()} sealed`)"
# Acts as a moderator whose session is over, and who closes each dialog. Gives the titles of the dialogs.
ACT_AND_CLOSE = """async () => {
  const titles = [];
  const show = HTMLDialogElement.prototype.showModal;
  HTMLDialogElement.prototype.showModal = function () {
    titles.push(this.querySelector("h2").textContent);
    show.call(this);
    setTimeout(() => this.close());
  };
  const [{ call }, { reasonFor }] = await Promise.all([import("/assets/api.js"), import("/assets/reasons.js")]);
  await reasonFor("delete", "Delete?", "", "Delete");
  const path = "/posts/00000000-0000-0000-0000-000000000000?reason=Spam";
  const refusal = await call("DELETE", path).catch(({ status }) => status);
  return [...titles, refusal];
}"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"POSTS_MODERATION_ACR": "pwd", "POSTS_MODERATION_MAX_AGE": "300", "IDENTITY_BCRYPT_ROUNDS": "4"}
    with stack(tmp_path_factory.mktemp("strict"), **settings) as running:
        yield running


async def make_old(running: Stack) -> None:
    for statement in MAKE_OLD:
        await running.databases.execute("identity_app", statement)


async def sign_in_once_more(member: Member, running: Stack) -> None:
    """Follow the link of the dialog or of the page, and come back."""
    link = member.page.get_by_role("link", name=LINK)
    href = await link.get_attribute("href") or ""
    assert href.startswith("/auth/start?return=%2Fmoderation")
    assert href.endswith("&acr_values=pwd&max_age=300")
    await link.click()
    await give_credentials(member.page, member.name)
    await expect(signed_in_as(member.page, member.name)).to_be_visible()
    assert member.page.url.startswith(f"{running.posts}/moderation")


async def sessions_of_posts(running: Stack, username: str) -> list[str]:
    """The ids of the live sessions that the pages of posts have of this person."""
    rows = await running.databases.fetch("identity_app", SESSIONS)
    return [row["id"] for row in rows if row["username"] == username]


async def test_a_note_that_was_typed_before_the_sign_in_was_too_old_is_in_the_dialog_again(
    running: Stack, browser: Browser
) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        await report_of(ada, "posts", await write_post(ada, "Sell all"))
        other = await write_post(ada, "Buy all")
        await report_of(ada, "posts", other)
        async with a_member(browser, grace, "/moderation") as member:
            await expect(item(member, "Sell all")).to_be_visible()
            before = await sessions_of_posts(running, grace.username)
            await make_old(running)
            await member.page.evaluate(RENEW)
            await member.press("Resolve “Sell all”")
            await member.answer("Resolve the report?", "Resolve", "Seen <i>twice</i>")
            await expect(member.dialog(ONCE_MORE)).to_contain_text("What you typed is kept")
            await sign_in_once_more(member, running)
            # What was typed for one report is not offered for another.
            await member.press("Resolve “Buy all”")
            await expect(member.dialog("Resolve the report?").get_by_role("textbox")).to_have_value("")
            await member.answer("Resolve the report?", "Cancel")
            # Pressed twice, as many people do, it asks once, although it looks for what was kept first.
            await member.page.get_by_role("button", name="Resolve “Sell all”", exact=True).dblclick()
            field = member.dialog("Resolve the report?").get_by_role("textbox")
            await expect(field).to_have_value("Seen <i>twice</i>")
            await member.answer("Resolve the report?", "Resolve")
            await expect(member.status("The report is resolved.")).to_be_visible()
            await expect(member.page.locator("dialog")).to_have_count(0)
            # It was the same session all the time, and nothing of the note is left in the browser.
            assert await sessions_of_posts(running, grace.username) == before
            assert (
                await member.page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('text:'))") == []
            )


async def test_a_note_that_was_kept_stays_if_the_session_ends_while_its_dialog_is_open(
    running: Stack, browser: Browser
) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        await report_of(ada, "posts", await write_post(ada, "Sell more"))
        async with a_member(browser, grace, "/moderation") as member:
            await expect(item(member, "Sell more")).to_be_visible()
            await make_old(running)
            await member.page.evaluate(RENEW)
            await member.press("Resolve “Sell more”")
            await member.answer("Resolve the report?", "Resolve", "Seen before")
            await sign_in_once_more(member, running)
            field = member.dialog("Resolve the report?").get_by_role("textbox")
            await member.press("Resolve “Sell more”")
            await expect(field).to_have_value("Seen before")
            await member.page.evaluate(END_SESSION)
            await expect(member.page.get_by_text("You are not signed in.")).to_be_visible()
            await expect(field).to_have_count(0)
            await member.go("/moderation")
            await member.press("Resolve “Sell more”")
            await expect(field).to_have_value("Seen before")


async def test_the_dialog_opens_without_what_was_kept_if_the_service_does_not_answer(
    running: Stack, browser: Browser
) -> None:
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        await report_of(ada, "posts", await write_post(ada, "Sell none"))
        async with a_member(browser, grace, "/moderation", hears_events=False) as member:
            await expect(item(member, "Sell none")).to_be_visible()
            await member.page.evaluate(KEEP_ANOTHER_TEXT)
            # Its token has expired, and it gets no other one.
            await member.page.route("**/auth/token", hold)
            await member.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(hours=1))
            await member.press("Resolve “Sell none”")
            await expect(member.dialog("Resolve the report?").get_by_role("textbox")).to_have_value("")
            assert waiting


async def test_who_has_no_session_any_more_is_asked_to_sign_in_alone(running: Stack, browser: Browser) -> None:
    async with (
        registered_person(running, "grace", "moderator") as grace,
        a_member(browser, grace, "/moderation", hears_events=False) as member,
    ):
        await make_old(running)
        await member.page.evaluate(RENEW)
        await member.page.context.clear_cookies()
        assert await member.page.evaluate(ACT_AND_CLOSE) == ["Delete?", "Please sign in", 401]


async def test_a_list_that_is_refused_has_the_link_and_no_dialog(running: Stack, browser: Browser) -> None:
    path = "/moderation?list=actions"
    async with (
        registered_person(running, "grace", "moderator") as grace,
        a_member(browser, grace, path) as member,
    ):
        await expect(member.page.get_by_role("link", name=LINK)).to_have_count(0)
        await make_old(running)
        await member.go(path)
        await expect(member.page.get_by_text(REFUSAL)).to_be_visible()
        await expect(member.page.get_by_role("dialog")).to_have_count(0)
        # Who is refused so is still signed in.
        await expect(signed_in_as(member.page, member.name)).to_be_visible()
        await sign_in_once_more(member, running)
        await expect(member.page.get_by_text(REFUSAL)).to_have_count(0)
        assert member.page.url == f"{running.posts}{path}"


async def test_who_signs_in_once_more_in_one_tab_can_go_on_in_another(running: Stack, browser: Browser) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        await report_of(ada, "posts", await write_post(ada, "Sell one"))
        async with a_member(browser, grace, "/moderation") as member:
            await expect(item(member, "Sell one")).to_be_visible()
            await make_old(running)
            await member.page.evaluate(RENEW)
            second = Member(grace, await member.page.context.new_page())
            await second.go("/moderation")
            await sign_in_once_more(second, running)
            await member.press("Resolve “Sell one”")
            await member.answer("Resolve the report?", "Resolve", "From the first tab")
            await expect(member.status("The report is resolved.")).to_be_visible()


async def test_neither_the_dialog_nor_the_refused_list_has_a_barrier(
    running: Stack, browser: Browser, inspect: Inspect
) -> None:
    async with registered_person(running, "ada") as ada, registered_person(running, "grace", "moderator") as grace:
        await report_of(ada, "posts", await write_post(ada, "Sell two"))
        async with a_member(browser, grace, "/moderation") as member:
            await make_old(running)
            await member.page.evaluate(RENEW)
            await member.press("Dismiss “Sell two”")
            await member.answer("Dismiss the report?", "Dismiss", "Nothing")
            await expect(member.page.get_by_role("link", name=LINK)).to_be_focused()
            await inspect_in_every_look(member.page, "moderation-sign-in", inspect)
            await member.answer(ONCE_MORE, "Not now")
            await expect(item(member, "Sell two")).to_be_visible()
            await member.go("/moderation")
            await expect(member.page.get_by_text(REFUSAL)).to_be_visible()
            await inspect_in_every_look(member.page, "moderation-refused", inspect)
