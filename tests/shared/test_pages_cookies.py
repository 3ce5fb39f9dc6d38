"""The cookies of pages that people sign in on: what other releases and strangers put into a request."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from fastapi import Request, Response
from starlette.datastructures import Headers

from tests.shared.signing_in import KEY, ORIGIN, PENDING, SESSION, Browser, browser_at, settings_of
from watchword.pages.cookies import PageCookies
from watchword.pages.sealing import Sealer, sealing_key
from watchword.pages.sign_in_request import SignInRequest
from watchword.pages.values import PendingSignIn

CHANGES: dict[str, dict[str, Any]] = {"a member more": {"ui_locales": "it"}, "a member less": {"nonce": None}}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browser_at() as browser:
        yield browser


def reseal(browser: Browser, name: str, changes: dict[str, Any]) -> None:
    """Change the cookie as another release could have sealed it. A member that is None is left out."""
    sealer = Sealer(sealing_key(KEY))
    content = sealer.open(name, browser.http.cookies.pop(name))
    assert content is not None
    members = {key: value for key, value in (orjson.loads(content) | changes).items() if value is not None}
    browser.http.cookies.set(name, sealer.seal(name, orjson.dumps(members)), domain=ORIGIN.removeprefix("https://"))


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
async def test_a_sign_in_that_another_release_began_is_begun_again(browser: Browser, changes: dict[str, Any]) -> None:
    callback = browser.issuer.authorize(await browser.start())
    (name,) = browser.pending()
    reseal(browser, name, changes)
    assert (await browser.http.get("/auth/start")).status_code == 303
    answer = await browser.http.get(callback)
    assert (answer.status_code, "Sign in again" in answer.text) == (400, True)
    assert (name in browser.pending(), browser.cookie(SESSION)) == (False, None)
    assert (await browser.sign_in()).status_code == 303


async def test_a_session_that_another_release_has_sealed_otherwise_is_none(browser: Browser) -> None:
    await browser.sign_in()
    reseal(browser, SESSION, {"id_token": None, "sid": "1"})
    answer = await browser.token()
    assert (answer.status_code, answer.json()["code"], browser.cookie(SESSION)) == (401, "not_signed_in", None)


async def test_what_others_add_to_the_answer_is_passed_over_whatever_it_is(browser: Browser) -> None:
    # Each of them is not compared with all others: a stranger can send thousands.
    added = "&session_state=1&session_state=2&error_description=a&error_description=b"
    callback = f"{browser.issuer.authorize(await browser.start())}{added}"
    assert (await browser.http.get(callback)).status_code == 303


class ReadRequest(Request):
    """A request that counts how often its header fields are read."""

    reads = 0

    @property
    def headers(self) -> Headers:
        self.reads += 1
        return super().headers


def test_the_cookies_of_a_request_are_read_once_however_many_there_are() -> None:
    planted = "; ".join(f"{PENDING}_{number:016x}=planted" for number in range(1_000))
    request = ReadRequest({"type": "http", "headers": [(b"cookie", planted.encode())]})
    response, pending = Response(), PendingSignIn.begin(SignInRequest(), now=0.0)
    PageCookies(settings_of()).pending.add(request, response, pending)
    assert request.reads == 1
    # The cookie of this sign-in is set, and all but three of the others are deleted.
    assert len(response.headers.getlist("set-cookie")) == 1 + 997
