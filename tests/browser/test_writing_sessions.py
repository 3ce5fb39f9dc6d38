"""Tokens and sessions that end while somebody writes."""

from datetime import UTC, datetime

import httpx
from playwright.async_api import Browser, Page, Request, expect

from tests.browser.opening import OUTAGE, opened
from tests.browser.writing import (
    KEPT_TEXT_NOTICE,
    press,
    see_fields,
    see_published,
    see_status,
    sign_in_again,
    write,
    writer_at,
)
from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS, until

LOCAL = "http://localhost:"
# Without a title, which a draft needs to be saved by itself while the session ends.
TEXT = {"body": "A *secret* body"}


class WithoutStream:
    """A page that does not hear the end of its token from the stream, and learns of it by its next request."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.refused = list[str]()
        self._headers: dict[str, str] = {}
        page.on("request", self._look_at_request)
        page.on("response", lambda answer: self.refused.append(answer.url) if answer.status == 401 else None)

    async def begin(self) -> None:
        await self.page.route("**/posts/events", lambda route: route.abort())

    async def until_refused(self, running: Stack) -> None:
        """Wait until posts refuses the token that the page has sent last."""
        headers = self._headers
        async with httpx.AsyncClient(trust_env=False) as http:

            async def is_refused() -> bool:
                return (await http.get(f"{running.posts}/write/key", headers=headers)).status_code == 401

            await until(is_refused)

    def _look_at_request(self, request: Request) -> None:
        if "authorization" in request.headers:
            self._headers = {"Authorization": request.headers["authorization"]}


async def test_an_access_token_that_expires_while_somebody_writes_is_replaced(
    restartable: Stack, browser: Browser
) -> None:
    title = unique("On engines")
    async with opened(browser, LOCAL, expected=OUTAGE) as page:
        await (watched := WithoutStream(page)).begin()
        # In its eyes no token grows old.
        await page.clock.set_fixed_time(datetime.now(UTC))
        await writer_at(page, restartable)
        await write(page, title=title, body="A body")
        await watched.until_refused(restartable)
        await press(page, "Publish")
        await see_published(page, title)
        assert watched.refused != []


async def test_a_session_that_ends_elsewhere_hides_the_text_and_gives_it_back_after_signing_in(
    running: Stack, browser: Browser
) -> None:
    async with (
        opened(browser, LOCAL) as page,
        httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http,
    ):
        username = await writer_at(page, running)
        await write(page, **TEXT)
        # A request that is under way when the session ends would be answered by a dialog.
        await expect(page.get_by_role("region", name="Preview").locator("em")).to_have_text("secret")
        elsewhere = await Person(http, running, username).sign_in()
        answer = await http.delete(f"{running.identity}/sessions", headers=elsewhere.identity_headers)
        assert answer.is_success
        link = page.get_by_role("main").get_by_role("link", name="Sign in")
        await expect(link).to_be_visible()
        assert "ecret" not in await page.content()
        await sign_in_again(page, username, link)
        await see_status(page, KEPT_TEXT_NOTICE)
        await see_fields(page, **TEXT)


async def test_who_presses_a_button_after_their_session_has_ended_is_asked_to_sign_in_and_loses_nothing(
    running: Stack, browser: Browser
) -> None:
    async with (
        opened(browser, LOCAL, expected=OUTAGE) as page,
        httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http,
    ):
        await (watched := WithoutStream(page)).begin()
        username = await writer_at(page, running)
        await write(page, **TEXT)
        await expect(page.get_by_role("region", name="Preview").locator("em")).to_have_text("secret")
        elsewhere = await Person(http, running, username).sign_in()
        await http.delete(f"{running.identity}/sessions", headers=elsewhere.identity_headers)
        await watched.until_refused(running)
        await press(page, "Publish")
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("What you were writing is kept")
        await sign_in_again(page, username, dialog.get_by_role("link", name="Sign in"))
        await see_fields(page, **TEXT)
