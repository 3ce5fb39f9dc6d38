"""Signing in on the pages of a service: what the browser is sent, what it keeps, and what is refused."""

import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import pytest

from tests.shared.signing_in import KEY, ORIGIN, OWN, PENDING, SESSION, Browser, browser_at, changed, parameters
from watchword.pages.service import code_challenge
from watchword.testing import StandingClock

REFUSED = "This sign-in is not valid any more"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browser_at() as browser:
        yield browser


async def test_the_browser_is_sent_to_the_issuer_with_a_challenge_a_state_and_a_nonce(browser: Browser) -> None:
    first, second = parameters(await browser.start()), parameters(await browser.start())
    assert first.keys() == second.keys()
    random = {"state", "nonce", "code_challenge"}
    assert all(len(first[name]) == 43 and first[name] != second[name] for name in random)
    assert {name: value for name, value in first.items() if name not in random} == {
        "response_type": "code",
        "client_id": "notes-pages",
        "redirect_uri": f"{ORIGIN}/auth/callback",
        "scope": "openid notes",
        "resource": "https://notes.example/api",
        "code_challenge_method": "S256",
    }
    # RFC 7636, appendix B.
    assert (
        code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


async def test_a_person_signs_in_and_comes_back_to_the_page(browser: Browser) -> None:
    answer = await browser.sign_in("/notes?sort=newest#top")
    assert (answer.status_code, answer.headers["location"]) == (303, "/notes?sort=newest#top")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert (browser.pending(), bool(browser.cookie(SESSION))) == ({}, True)


async def test_no_script_and_no_other_site_gets_at_the_cookies(browser: Browser) -> None:
    start = await browser.http.get("/auth/start")
    callback = await browser.http.get(browser.issuer.authorize(start.headers["location"]))
    pending = next(iter(SimpleCookie(start.headers["set-cookie"]).values()))
    session = SimpleCookie(next(field for field in callback.headers.get_list("set-cookie") if SESSION in field))
    assert pending.key.startswith(PENDING)
    for morsel, same_site, seconds in ((pending, "lax", "600"), (session[SESSION], "strict", "5184000")):
        assert (morsel["path"], morsel["domain"]) == ("/", "")
        assert (morsel["secure"], morsel["httponly"]) == (True, True)
        assert (morsel["samesite"], morsel["max-age"]) == (same_site, seconds)


async def test_cookies_of_http_on_this_machine_are_named_for_their_port() -> None:
    async with browser_at(origin="http://localhost:8003", cookie_name="notes") as browser:
        assert (await browser.sign_in()).status_code == 303
        assert list(browser.http.cookies) == ["notes_session_8003", "notes_signed_in_8003"]


async def test_a_page_gets_an_access_token_and_the_refresh_token_stays_in_the_cookie(browser: Browser) -> None:
    await browser.sign_in(subject="0199a3c1", scope="notes")
    former = browser.cookie(SESSION)
    answer = await browser.token()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    body = answer.json()
    assert body.keys() == {"access_token", "token_type", "expires_in"}
    principal = await browser.issuer.issuer.verifier().verify(body["access_token"])
    assert (principal.subject, principal.scopes) == ("0199a3c1", frozenset({"notes"}))
    assert browser.cookie(SESSION) != former
    assert (await browser.token()).status_code == 200


async def test_signing_out_ends_the_session_here_and_at_the_issuer(browser: Browser) -> None:
    await browser.sign_in()
    answer = await browser.sign_out()
    body = answer.json()
    assert (answer.status_code, answer.headers["cache-control"], body["revoked"]) == (200, "no-store", True)
    assert body["continue_at"].startswith("https://id.example/oauth/logout?")
    assert parameters(body["continue_at"]).items() >= {
        ("client_id", "notes-pages"),
        ("post_logout_redirect_uri", f"{ORIGIN}/"),
    }
    assert parameters(body["continue_at"])["id_token_hint"].count(".") == 2
    assert len(browser.issuer.revoked) == 1
    assert browser.cookie(SESSION) is None
    assert (await browser.token()).status_code == 401
    assert (await browser.sign_out()).json() == {"revoked": True, "continue_at": None}


async def test_a_callback_that_this_browser_has_not_begun_is_refused(browser: Browser) -> None:
    callback = browser.issuer.authorize(await browser.start())
    async with browser_at(issuer=browser.issuer) as other:
        # Somebody signs a victim in under an account of their own (RFC 6749 section 10.12).
        answer = await other.http.get(callback)
        assert (answer.status_code, REFUSED in answer.text) == (400, True)
        await other.start()
        answer = await other.http.get(callback)
        assert (answer.status_code, other.cookie(SESSION)) == (400, None)


async def test_a_callback_counts_once(browser: Browser) -> None:
    callback = browser.issuer.authorize(await browser.start())
    assert (await browser.http.get(callback)).status_code == 303
    answer = await browser.http.get(callback)
    assert (answer.status_code, REFUSED in answer.text) == (400, True)
    assert (await browser.token()).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"code": None},
        {"code": "1"},
    ],
    ids=["another issuer", "no issuer", "no code", "a code of nobody"],
)
async def test_an_answer_that_is_not_whole_is_refused(browser: Browser, changes: dict[str, str | None]) -> None:
    callback = browser.issuer.authorize(await browser.start())
    answer = await browser.http.get(changed(callback, **changes))
    assert (answer.status_code, REFUSED in answer.text, browser.cookie(SESSION)) == (400, True, None)
    # It is over, also for the right answer.
    assert (await browser.http.get(callback)).status_code == 400


@pytest.mark.parametrize("state", ["another", "", None])
async def test_an_answer_with_another_state_is_refused_and_ends_no_sign_in(browser: Browser, state: str | None) -> None:
    callback = browser.issuer.authorize(await browser.start())
    # Any page can send a browser here.
    answer = await browser.http.get(changed(callback, state=state))
    assert (answer.status_code, REFUSED in answer.text, browser.cookie(SESSION)) == (400, True, None)
    assert (await browser.http.get(callback)).status_code == 303


async def test_tabs_sign_in_at_once_each_with_its_own_page_to_return_to(browser: Browser) -> None:
    callbacks = [(path, browser.issuer.authorize(await browser.start(path))) for path in ("/a", "/b", "/c")]
    for path, callback in callbacks[1:] + callbacks[:1]:
        assert (await browser.http.get(callback)).headers["location"] == path
    assert browser.pending() == {}


async def test_the_state_of_another_tab_does_not_fit_the_cookie(browser: Browser) -> None:
    first = browser.issuer.authorize(await browser.start())
    ((name, _),) = browser.pending().items()
    browser.http.cookies.clear()
    await browser.start()
    (value,) = browser.pending().values()
    browser.http.cookies.clear()
    answer = await browser.http.get(first, headers={"Cookie": f"{name}={value}"})
    assert (answer.status_code, browser.cookie(SESSION)) == (400, None)


async def test_a_browser_has_the_cookies_of_the_four_newest_sign_ins_alone() -> None:
    clock = StandingClock()
    async with browser_at(clock=clock) as browser:
        browser.http.cookies.set(f"{PENDING}_0123456789abcdef", "not sealed here", domain="notes.example")
        browser.http.cookies.set(f'{PENDING}_a"name', "of somebody else", domain="notes.example")
        callbacks = []
        for _ in range(6):
            callbacks.append(browser.issuer.authorize(await browser.start()))
            clock.advance(seconds=1)
        assert len(browser.pending()) == 5
        statuses = [(await browser.http.get(callback)).status_code for callback in callbacks]
        assert statuses == [400, 400, 303, 303, 303, 303]


@pytest.mark.parametrize("name", ["code", "state", "iss"])
async def test_a_parameter_that_is_there_twice_is_refused(browser: Browser, name: str) -> None:
    callback = browser.issuer.authorize(await browser.start())
    answer = await browser.http.get(f"{callback}&{name}={parameters(callback)[name]}")
    assert (answer.status_code, browser.cookie(SESSION)) == (400, None)


async def test_a_person_has_ten_minutes_to_sign_in() -> None:
    clock = StandingClock()
    async with browser_at(clock=clock) as browser:
        for seconds, status in ((599, 303), (600, 400)):
            url = await browser.start()
            clock.advance(seconds=seconds)
            # The cookie is there for as long as the browser likes.
            assert (await browser.http.get(browser.issuer.authorize(url))).status_code == status


@pytest.mark.parametrize(
    ("error", "status"),
    [("access_denied", 403), ("login_required", 400), ("temporarily_unavailable", 503), ("invalid_scope", 503)],
)
async def test_an_error_of_the_issuer_is_shown_in_our_words(browser: Browser, error: str, status: int) -> None:
    state = parameters(await browser.start("/a?b=%22%3E%3Cscript%3E"))["state"]
    query = {"error": error, "error_description": "<b>Call 0900</b>", "state": state, "iss": "https://id.example"}
    answer = await browser.http.get("/auth/callback", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "You are not signed in" in answer.text
    assert not re.search(f"0900|{error}|<script|{state}", answer.text)
    assert 'href="/auth/start?return=/a%3Fb%3D' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/notes", "/notes?a=1&b=/c", "/%2F%2Fevil.example", "/~ada", "/authors"])
async def test_a_path_of_this_service_may_be_returned_to(browser: Browser, path: str) -> None:
    assert (await browser.sign_in(path)).headers["location"] == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "notes",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        " /notes",
        "/ä",
        "/auth/start",
        "/AUTH/start?return=/",
        "/auth",
        f"/{'a' * 1_000}",
    ],
)
async def test_no_other_place_may_be_returned_to(browser: Browser, path: str) -> None:
    answer = await browser.http.get("/auth/start", params={"return": path})
    assert (answer.status_code, browser.pending()) == (400, {})
    assert "must be a path of this site" in answer.text
    assert 'href="/auth/start?return=/"' in answer.text
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://notes.example"},
        {"Origin": f"{ORIGIN}.evil.example"},
        {"Origin": f"{ORIGIN}:8443"},
        {"Origin": "https://other.notes.example"},
        {"Referer": f"{ORIGIN}/"},
    ],
)
@pytest.mark.parametrize("path", ["/auth/token", "/auth/sign-out"])
async def test_only_our_own_pages_use_the_session(browser: Browser, path: str, headers: dict[str, str]) -> None:
    await browser.sign_in()
    answer = await browser.http.post(path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert "set-cookie" not in answer.headers
    assert (await browser.token()).status_code == 200
    assert (await browser.http.get(path, headers=OWN)).status_code == 405


@pytest.mark.parametrize("path", ["/auth/token", "/auth/sign-out"])
async def test_of_two_session_cookies_none_is_used_and_both_are_deleted(browser: Browser, path: str) -> None:
    await browser.sign_in()
    own = browser.cookie(SESSION)
    async with browser_at(issuer=browser.issuer) as attacker:
        await attacker.sign_in()
        planted = attacker.cookie(SESSION)
    browser.http.cookies.clear()
    for cookies in (f"{SESSION}={planted}; {SESSION}={own}", f"{SESSION}={own}; {SESSION}={planted}"):
        answer = await browser.http.post(path, headers={**OWN, "Cookie": cookies})
        assert (answer.status_code, answer.json()["code"]) == (400, "cookie_repeated")
        deleted = answer.headers.get_list("set-cookie")
        # A sibling of this host plants a cookie for the domain of both.
        assert any(f"{SESSION}=" in field and "Domain=notes.example" in field for field in deleted)
    assert browser.issuer.revoked == []


async def test_of_two_cookies_of_a_sign_in_none_is_used_and_both_are_deleted(browser: Browser) -> None:
    callback = browser.issuer.authorize(await browser.start())
    ((name, value),) = browser.pending().items()
    cookie = f"{name}={value}"
    browser.http.cookies.clear()
    answer = await browser.http.get(callback, headers={"Cookie": f"{cookie}; {cookie}"})
    assert (answer.status_code, "set-cookie" in answer.headers, browser.cookie(SESSION)) == (400, True, None)


@pytest.mark.parametrize("value", ["", "nonsense", "AQ", "x" * 4_000], ids=["none", "text", "short", "long"])
async def test_a_cookie_that_was_not_sealed_here_is_no_session(browser: Browser, value: str) -> None:
    answer = await browser.http.post("/auth/token", headers={**OWN, "Cookie": f"{SESSION}={value}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert "www-authenticate" in answer.headers


async def test_the_cookie_of_a_sign_in_is_no_session(browser: Browser) -> None:
    await browser.start()
    (value,) = browser.pending().values()
    cookie = f"{SESSION}={value}"
    answer = await browser.http.post("/auth/token", headers={**OWN, "Cookie": cookie})
    assert answer.status_code == 401


async def test_a_session_lasts_while_the_sealing_key_is_replaced(browser: Browser) -> None:
    await browser.sign_in()
    other_key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    async with browser_at(issuer=browser.issuer, sealing_key=other_key, former_sealing_key=KEY) as later:
        later.http.cookies.set(SESSION, browser.cookie(SESSION) or "")
        answer = await later.token()
        assert answer.status_code == 200
        cookie = SimpleCookie(answer.headers.get_list("set-cookie")[0])[SESSION].value
    async with browser_at(issuer=browser.issuer, sealing_key=other_key) as without_former:
        without_former.http.cookies.set(SESSION, cookie)
        assert (await without_former.token()).status_code == 200
