"""The page that lets a device sign in, in a real browser, with and without JavaScript."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from identity_service.clients.grant_types import GrantType
from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.browser.signing_on import press, registered, see, sign_on
from tests.support.services import PASSWORD
from tests.support.stack import Stack

CLIENT = "browser-tv"
IS_THIS_YOURS = "Is this your device?"


@pytest.fixture(scope="module")
def television(running: Stack) -> str:
    """A client for devices."""
    grant, audience = ("--grant", GrantType.DEVICE_CODE), ("--audience", running.identity)
    named = ("--name", "Notes on the television", "--public", "--scope", "account")
    running.command("identity", "clients", "create", CLIENT, *named, *grant, *audience)
    return CLIENT


async def codes_of(running: Stack, client_id: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=running.identity, trust_env=False) as http:
        answer = await http.post("/oauth/device_authorization", data={"client_id": client_id})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def status(running: Stack, client_id: str, codes: dict[str, Any]) -> int:
    """What the token endpoint answers the device."""
    form = {"grant_type": GrantType.DEVICE_CODE, "client_id": client_id, "device_code": codes["device_code"]}
    async with httpx.AsyncClient(base_url=running.identity, trust_env=False) as http:
        return (await http.post("/oauth/token", data=form)).status_code


@pytest.mark.parametrize("has_javascript", [True, False])
async def test_a_person_opens_the_link_signs_in_sees_who_asks_and_allows_it(
    running: Stack, browser: Browser, television: str, has_javascript: bool
) -> None:
    username, codes = await registered(running), await codes_of(running, television)
    async with opened(browser, running.identity, java_script_enabled=has_javascript) as page:
        await page.goto(codes["verification_uri_complete"])
        await see(page, "Sign in")
        await page.get_by_label("Username or e-mail address").fill(username)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Sign in", "Sign in on a device")
        await expect(page.get_by_label("Code")).to_have_value(codes["user_code"])
        await press(page, "Go on", IS_THIS_YOURS)
        await expect(page.get_by_text("Notes on the television", exact=True)).to_be_visible()
        assert await status(running, television, codes) == 400
        await press(page, "Yes, sign in on this device", "The device is signed in")
    assert await status(running, television, codes) == 200


async def test_a_person_mistypes_the_code_and_refuses(running: Stack, browser: Browser, television: str) -> None:
    username, codes = await registered(running), await codes_of(running, television)
    async with opened(browser, running.identity, java_script_enabled=False) as page:
        await sign_on(page, running, username)
        await page.goto(codes["verification_uri"])
        await page.get_by_label("Code").fill("bcdf ghjk")
        await press(page, "Go on", "Sign in on a device")
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.get_by_label("Code").fill(codes["user_code"].lower().replace("-", " "))
        await press(page, "Go on", IS_THIS_YOURS)
        await press(page, "No, do not sign in", "The device is not signed in")
    assert await status(running, television, codes) == 400


async def test_a_form_and_a_frame_of_a_stranger_allow_nothing(
    running: Stack, browser: Browser, television: str, stranger: int
) -> None:
    username, codes = await registered(running), await codes_of(running, television)
    context = await browser.new_context()
    page = await context.new_page()
    await sign_on(page, running, username)
    fields = {"user_code": codes["user_code"], "choice": "allow", "username": username}
    for host in ("localhost", "127.0.0.1"):
        await page.goto(f"http://{host}:{stranger}/device?{urlencode(fields)}")
        assert await page.frames[1].get_by_role("button").count() == 0
        await press(page, "Send", "This did not work")
    await context.close()
    assert await status(running, television, codes) == 400


async def pages_of(page: Page, running: Stack, codes: dict[str, Any]) -> AsyncIterator[str]:
    """The names of the pages, each while it is open."""
    await page.goto(codes["verification_uri"])
    yield "device-code"
    await press(page, "Go on", "Sign in on a device")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "device-code-with-errors"
    await page.get_by_label("Code").fill(codes["user_code"])
    await press(page, "Go on", IS_THIS_YOURS)
    yield "device-approval"
    await press(page, "Yes, sign in on this device", "The device is signed in")
    yield "device-allowed"


async def test_no_page_of_a_device_has_a_barrier_and_each_fits_a_small_screen(
    running: Stack, browser: Browser, inspect: Inspect, television: str
) -> None:
    username = await registered(running)
    for look in LOOKS:
        codes = await codes_of(running, television)
        async with opened(browser, running.identity, **look) as page:
            await sign_on(page, running, username)
            async for name in pages_of(page, running, codes):
                await inspect(page, name)
