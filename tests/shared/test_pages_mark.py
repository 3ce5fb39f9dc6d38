"""The cookie by which scripts know that there is a session: it comes, lasts and goes with the session."""

from collections.abc import AsyncIterator
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest

from tests.shared.signing_in import MARK, OWN, SESSION, Browser, Switched, browser_at
from watchword.testing import CodeFlow, Issuer


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browser_at() as browser:
        yield browser


def cookies_of(answer: httpx.Response) -> dict[str, Morsel[str]]:
    """The cookies that the answer sets or deletes, by name."""
    lines = [SimpleCookie(line) for line in answer.headers.get_list("set-cookie") if not line.startswith("=")]
    return {name: morsel for line in lines for name, morsel in line.items()}


def lose_the_mark(browser: Browser) -> None:
    """Leave the browser as a release that sets no mark does."""
    del browser.http.cookies[MARK]


async def test_every_answer_that_sets_the_session_sets_the_mark_for_the_same_time(browser: Browser) -> None:
    for answer in (await browser.sign_in(), await browser.token()):
        cookies = cookies_of(answer)
        assert cookies.keys() >= {SESSION, MARK}
        assert cookies[MARK].value == "1"
        assert cookies[MARK]["max-age"] == cookies[SESSION]["max-age"] == "5184000"


async def test_scripts_of_this_host_alone_read_the_mark_and_no_other_site_sends_it(browser: Browser) -> None:
    cookies = cookies_of(await browser.sign_in())
    mark, session = cookies[MARK], cookies[SESSION]
    assert (mark["httponly"], session["httponly"]) == ("", True)
    assert (mark["path"], mark["domain"], mark["secure"], mark["samesite"]) == ("/", "", True, "strict")


async def test_signing_out_deletes_the_mark(browser: Browser) -> None:
    await browser.sign_in()
    assert (await browser.sign_out()).status_code == 200
    assert (browser.cookie(SESSION), browser.cookie(MARK)) == (None, None)


async def test_a_session_that_has_ended_takes_the_mark_with_it(browser: Browser) -> None:
    await browser.sign_in()
    browser.http.cookies.set(SESSION, "not sealed here", domain="notes.example")
    assert (await browser.token()).status_code == 401
    assert (browser.cookie(SESSION), browser.cookie(MARK)) == (None, None)


async def test_a_mark_without_a_session_is_deleted_and_signs_nobody_in(browser: Browser) -> None:
    browser.http.cookies.set(MARK, "1", domain="notes.example")
    answer = await browser.token()
    assert (answer.status_code, answer.json()["code"], browser.cookie(MARK)) == (401, "not_signed_in", None)


@pytest.mark.parametrize("path", ["/auth/token", "/auth/sign-out"])
async def test_two_session_cookies_are_deleted_with_the_mark(browser: Browser, path: str) -> None:
    await browser.sign_in()
    twice = "; ".join([f"{SESSION}={browser.cookie(SESSION)}"] * 2)
    browser.http.cookies.clear()
    answer = await browser.http.post(path, headers={**OWN, "Cookie": f"{twice}; {MARK}=1"})
    mark = cookies_of(answer)[MARK]
    assert (answer.status_code, mark.value, mark["max-age"], mark["path"]) == (400, "", "0", "/")


async def test_a_browser_with_a_session_and_no_mark_is_signed_in_and_gets_the_mark(browser: Browser) -> None:
    await browser.sign_in()
    lose_the_mark(browser)
    assert (await browser.token()).status_code == 200
    assert browser.cookie(MARK) == "1"


@pytest.mark.parametrize("path", ["/notes", "https://elsewhere.example"])
async def test_the_link_to_sign_in_sets_the_mark_of_a_session_also_if_it_is_faulty(browser: Browser, path: str) -> None:
    await browser.sign_in()
    lose_the_mark(browser)
    await browser.http.get("/auth/start", params={"return": path})
    assert browser.cookie(MARK) == "1"
    # It would outlast the session if it were set each time.
    assert MARK not in cookies_of(await browser.http.get("/auth/start"))


async def test_an_answer_of_the_issuer_that_is_refused_sets_the_mark_of_a_session(browser: Browser) -> None:
    await browser.sign_in()
    lose_the_mark(browser)
    assert (await browser.http.get("/auth/callback?state=x&code=x")).status_code == 400
    assert browser.cookie(MARK) == "1"


async def test_the_mark_is_set_although_the_issuer_is_away() -> None:
    issuer = CodeFlow(Issuer("https://id.example", "https://notes.example/api"))
    transport = Switched(issuer)
    async with browser_at(issuer=issuer, transport=transport) as browser:
        await browser.sign_in()
        lose_the_mark(browser)
        transport.instead = lambda _: httpx.Response(503)
        assert (await browser.token()).status_code == 503
        assert browser.cookie(MARK) == "1"


@pytest.mark.parametrize("session", [None, "not sealed here"])
async def test_nobody_gets_the_mark_without_a_session(browser: Browser, session: str | None) -> None:
    if session is not None:
        browser.http.cookies.set(SESSION, session, domain="notes.example")
    answers = [await browser.http.get("/auth/start"), await browser.http.get("/auth/callback?state=x&code=x")]
    assert all(MARK not in cookies_of(answer) for answer in answers)


async def test_of_two_session_cookies_none_gets_a_mark(browser: Browser) -> None:
    await browser.sign_in()
    twice = "; ".join([f"{SESSION}={browser.cookie(SESSION)}"] * 2)
    browser.http.cookies.clear()
    answer = await browser.http.get("/auth/start", headers={"Cookie": twice})
    assert (answer.status_code, MARK in cookies_of(answer)) == (303, False)


async def test_a_page_of_another_origin_neither_sets_nor_deletes_the_mark(browser: Browser) -> None:
    await browser.sign_in()
    lose_the_mark(browser)
    answer = await browser.token(Origin="https://evil.example")
    assert (answer.status_code, cookies_of(answer)) == (403, {})
