"""The second step of a sign-in in a real browser, with and without JavaScript."""

import base64
from datetime import UTC, datetime
from typing import NamedTuple

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from identity_service.factors.one_time_codes import code_at, step_at
from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.browser.signing_on import STALE, press, registered, see, sign_in
from tests.support.services import PASSWORD, bearer
from tests.support.stack import Stack

WRONG_CODE = "not a code"
STEP = "One more step"


class Codes(NamedTuple):
    """What a person can type who has an authenticator app."""

    username: str
    secret: bytes
    used_step: int
    recovery_codes: list[str]

    def code(self) -> str:
        """The code that the app shows now or, if that was used, the next one."""
        return code_at(self.secret, max(step_at(datetime.now(UTC)), self.used_step + 1))


async def with_app(running: Stack) -> Codes:
    """A person who has added an app over the API."""
    username = await registered(running)
    token = (await sign_in(running, username)).json()["access_token"]
    async with httpx.AsyncClient(base_url=running.identity, headers=bearer(token), trust_env=False) as http:
        secret = base64.b32decode((await http.post("/users/me/totp")).json()["secret"])
        step = step_at(datetime.now(UTC))
        answer = await http.post("/users/me/totp/confirmation", json={"code": code_at(secret, step)})
        assert answer.status_code == 200, answer.text
    return Codes(username, secret, step, answer.json()["recovery_codes"])


async def enter_password(page: Page, running: Stack, username: str) -> None:
    await page.goto(f"{running.identity}/sign-in")
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await press(page, "Sign in", STEP)


async def enter_code(page: Page, code: str, heading: str) -> None:
    await page.get_by_label("Code").fill(code)
    await press(page, "Sign in", heading)


@pytest.mark.parametrize("has_javascript", [True, False])
async def test_a_person_signs_in_with_the_app_and_enters_password_and_recovery_code_for_something_important(
    running: Stack, browser: Browser, has_javascript: bool
) -> None:
    ada = await with_app(running)
    async with opened(browser, running.identity, java_script_enabled=has_javascript) as page:
        await enter_password(page, running, ada.username)
        await expect(page.get_by_label("Username")).to_have_value(ada.username)
        await enter_code(page, WRONG_CODE, STEP)
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.get_by_label("Code")).to_have_value("")
        await enter_code(page, ada.code(), "Your account")
        await running.databases.execute("identity_owner", STALE)
        await page.goto(f"{running.identity}/account/delete")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Sign in", STEP)
        await enter_code(page, ada.recovery_codes[0], "Delete your account")


async def test_two_windows_of_a_browser_sign_in_one_after_the_other(running: Stack, browser: Browser) -> None:
    ada = await with_app(running)
    async with opened(browser, running.identity) as page:
        await enter_password(page, running, ada.username)
        other = await page.context.new_page()
        await enter_password(other, running, ada.username)
        await enter_code(page, ada.recovery_codes[0], "Your account")
        # Back in the history is the page that asked for the code, and there is nothing left to ask for.
        await page.go_back()
        await see(page, "Your account")
        await enter_code(other, ada.recovery_codes[1], "This sign-in is over")
        await other.get_by_role("link", name="Sign in").click()
        await see(other, "Your account")


async def test_neither_page_has_a_barrier_and_each_fits_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect
) -> None:
    ada = await with_app(running)
    for look in LOOKS:
        async with opened(browser, running.identity, **look) as page:
            await enter_password(page, running, ada.username)
            await inspect(page, "second-factor")
            for _ in range(4):
                await enter_code(page, WRONG_CODE, STEP)
            await inspect(page, "second-factor-with-errors")
            await enter_code(page, WRONG_CODE, "This sign-in is over")
            await inspect(page, "sign-in-over")
