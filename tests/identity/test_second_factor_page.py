"""The page that asks for the second factor: what a right code gives, and everything that ends a half-open sign-in."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from identity_service.administration import Administration
from tests.identity.authorizing import Application, answer_of
from tests.identity.both_steps import (
    HALF_OPEN,
    SECOND_FACTOR,
    WRONG_CODE,
    Codes,
    add_codes,
    register_with_codes,
    send_code,
    send_password,
)
from tests.identity.browsing import Browsing, browsing
from tests.identity.signing_on import COOKIE, cookie_of, cookies_of
from tests.identity.test_pages import FOREIGN
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

DEVICE = "watchword_device_8001"
HALF_OPEN_ROWS = "SELECT * FROM identity.half_open_sign_ins"
SIGN_ONS = "SELECT * FROM identity.sign_ons WHERE ended_at IS NULL"


@pytest.fixture
async def ada(identity_at: Identity, browser: Browsing, databases: Databases) -> Codes:
    """The codes of ada, in whose browser nobody is signed on."""
    ((row,)) = await databases.fetch("identity_app", "SELECT id FROM identity.users")
    return await add_codes(identity_at, str(row["id"]))


async def rows(databases: Databases, statement: str = HALF_OPEN_ROWS) -> list[Any]:
    return list(await databases.fetch("identity_owner", statement))


async def ensure_over(browser: Browsing, code: str) -> None:
    """The right code signs nobody on, and the page says that the sign-in is over."""
    answer = await send_code(browser, code)
    assert answer.status_code == 422
    assert "This sign-in is over" in answer.text
    assert cookies_of(answer) == []
    assert not await browser.is_signed_on()


async def test_password_alone_opens_nothing_and_the_code_of_the_app_signs_on(
    browser: Browsing, ada: Codes, databases: Databases
) -> None:
    answer = await browser.send("/sign-in", {"login": "ada", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{SECOND_FACTOR}?return=/account")
    assert cookies_of(answer) == cookies_of(answer, DEVICE) == []
    cookie = cookie_of(answer, HALF_OPEN)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
    assert not await browser.is_signed_on()
    assert await rows(databases, SIGN_ONS) == []
    page = await browser.open(answer.headers["Location"])
    assert 'value="ada" readonly' in page
    assert 'name="code"' in page
    done = await send_code(browser, ada.code())
    assert (done.status_code, done.headers["Location"]) == (303, "/account")
    assert await browser.is_signed_on()
    assert cookie_of(done, HALF_OPEN).value == ""
    assert cookie_of(done, DEVICE).value != ""
    (sign_on,) = await rows(databases, SIGN_ONS)
    assert (sign_on["acr"], sign_on["amr"]) == ("mfa", ["pwd", "otp", "mfa"])
    assert await rows(databases) == []


async def test_recovery_code_signs_on_once_in_any_spelling(browser: Browsing, ada: Codes) -> None:
    code = ada.recovery_codes[0]
    await send_password(browser)
    assert (await send_code(browser, f" {code.upper().replace('-', '')} ")).status_code == 303
    await browser.send("/sign-out")
    await send_password(browser)
    refused = await send_code(browser, code)
    assert refused.status_code == 422
    assert "works once" in refused.text
    assert (await send_code(browser, ada.recovery_codes[1])).status_code == 303


async def test_code_of_the_app_works_once(browser: Browsing, ada: Codes) -> None:
    await send_password(browser)
    assert (await send_code(browser, ada.code())).status_code == 303
    await browser.send("/sign-out")
    await send_password(browser)
    assert (await send_code(browser, ada.code())).status_code == 422
    assert (await send_code(browser, ada.code(1))).status_code == 303


async def test_fifth_wrong_code_ends_the_sign_in_and_the_password_is_needed_again(
    browser: Browsing, ada: Codes, databases: Databases
) -> None:
    path = await send_password(browser)
    for number in range(4):
        answer = await send_code(browser, WRONG_CODE)
        assert answer.status_code == 422
        assert 'href="#code"' in answer.text
        assert WRONG_CODE not in answer.text
        ((row,)) = await rows(databases)
        assert row["wrong_codes"] == number + 1
    last = await send_code(browser, WRONG_CODE)
    assert last.status_code == 422
    assert "This sign-in is over" in last.text
    assert 'href="/sign-in?return=/account"' in last.text
    assert cookie_of(last, HALF_OPEN).value == ""
    assert await rows(databases) == []
    assert (await browser.http.get(path)).headers["Location"] == "/sign-in?return=/account"
    await ensure_over(browser, ada.code())
    await send_password(browser)
    assert (await send_code(browser, ada.code())).status_code == 303


async def test_secret_of_an_ended_sign_in_is_worth_nothing(browser: Browsing, ada: Codes) -> None:
    await send_password(browser)
    secret = browser.http.cookies[HALF_OPEN]
    assert (await send_code(browser, ada.code())).status_code == 303
    browser.http.cookies.clear()
    browser.http.cookies.set(HALF_OPEN, secret)
    await ensure_over(browser, ada.code(1))


async def test_half_open_sign_in_expires_after_ten_minutes(browser: Browsing, ada: Codes, clock: StandingClock) -> None:
    path = await send_password(browser)
    secret = browser.http.cookies[HALF_OPEN]
    clock.advance(minutes=9, seconds=59)
    await browser.open(path)
    clock.advance(seconds=1)
    assert (await browser.http.get(path)).headers["Location"] == "/sign-in?return=/account"
    browser.http.cookies.clear()
    browser.http.cookies.set(HALF_OPEN, secret)
    await ensure_over(browser, ada.code())


CHANGES = {
    "disabled": "is_active = false",
    "awaits verification": "awaits_verification = true",
    "another password": "password_hash = '$2b$04$' || repeat('a', 53)",
    "no factor": "has_second_factor = false",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_account_that_changes_between_the_steps_is_not_signed_on(
    browser: Browsing, ada: Codes, databases: Databases, change: str
) -> None:
    await send_password(browser)
    await databases.execute("identity_owner", f"UPDATE identity.users SET {change}")  # noqa: S608
    await ensure_over(browser, ada.code())
    assert await rows(databases, SIGN_ONS) == []


async def test_end_of_everything_ends_a_half_open_sign_in_for_good(
    identity_at: Identity, browser: Browsing, ada: Codes, databases: Databases
) -> None:
    administration = Administration(identity_at.parts)
    for act in (
        lambda: administration.end_sessions("ada"),
        lambda: administration.set_active("ada", False),
    ):
        await send_password(browser)
        await act()
        assert await rows(databases) == []
    await administration.set_active("ada", True)
    await ensure_over(browser, ada.code())


async def test_account_that_is_deleted_between_the_steps_is_not_signed_on(
    browser: Browsing, ada: Codes, databases: Databases
) -> None:
    await send_password(browser)
    await databases.execute("identity_owner", "DELETE FROM identity.users")
    await ensure_over(browser, ada.code())
    assert await rows(databases) == []


async def test_half_open_sign_in_opens_nothing_else(browser: Browsing, ada: Codes) -> None:
    await send_password(browser)
    secret = browser.http.cookies[HALF_OPEN]
    browser.http.cookies.set(COOKIE, secret)
    for path in ("/account", "/account/password", "/device", "/account/devices", "/admin/ui"):
        answer = await browser.http.get(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?")


async def test_browser_without_a_half_open_sign_in_is_led_to_the_password_and_keeps_its_goal(
    browser: Browsing, ada: Codes
) -> None:
    query = "?return=/account/password&fresh=true"
    for secret in ("", "x", "ä" * 50, "a" * 5_000):
        headers = {b"Cookie": f"{HALF_OPEN}={secret}".encode()}
        answer = await browser.http.get(f"{SECOND_FACTOR}{query}", headers=headers)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in{query}")
    refused = await send_code(browser, ada.code(), f"{SECOND_FACTOR}{query}")
    assert refused.status_code == 422
    assert f'href="/sign-in{query.replace("&", "&amp;")}"' in refused.text
    assert "ada" not in refused.text


async def test_two_cookies_of_the_name_are_as_good_as_none_and_are_deleted(browser: Browsing, ada: Codes) -> None:
    await send_password(browser)
    secret = browser.http.cookies[HALF_OPEN]
    planted = {"Cookie": f"{HALF_OPEN}={secret}; {HALF_OPEN}=planted"}
    browser.http.cookies.clear()
    answer = await browser.http.get(SECOND_FACTOR, headers=planted)
    assert answer.headers["Location"] == "/sign-in?return=/account"
    assert len(cookies_of(answer, HALF_OPEN)) > 1
    assert all(cookie.value == "" for cookie in cookies_of(answer, HALF_OPEN))


async def test_goal_of_an_application_is_kept_through_both_steps(
    browser: Browsing, app: Application, ada: Codes
) -> None:
    page = (await browser.http.get(app.path())).headers["Location"]
    path = await send_password(browser, path=page)
    shown = await browser.http.get(path)
    assert "The application" in shown.text
    assert "form-action 'self' https://app.example;" in shown.headers["Content-Security-Policy"]
    done = await send_code(browser, ada.code(), path)
    answer = answer_of(await browser.http.get(done.headers["Location"]), app)
    assert answer.keys() == {"code", "state", "iss"}


async def test_application_that_asks_for_another_sign_in_gets_both_steps_of_it(
    browser: Browsing, app: Application, ada: Codes, clock: StandingClock
) -> None:
    await send_password(browser)
    assert (await send_code(browser, ada.recovery_codes[0])).status_code == 303
    for number, request in enumerate(({"prompt": "login"}, {"max_age": "0"}), start=1):
        clock.advance(minutes=1)
        page = (await browser.http.get(app.path(**request))).headers["Location"]
        path = await send_password(browser, path=page)
        done = await send_code(browser, ada.recovery_codes[number], path)
        assert "code" in answer_of(await browser.http.get(done.headers["Location"]), app)


async def test_request_that_an_application_may_not_make_leads_to_what_is_wrong(
    browser: Browsing, app: Application, ada: Codes
) -> None:
    await send_password(browser)
    request = app.path(response_type="token")
    answer = await browser.http.get(f"{SECOND_FACTOR}?return={quote(request, safe='')}")
    assert (answer.status_code, answer.headers["Location"]) == (303, request)


async def test_fresh_sign_in_takes_the_second_factor_too_and_the_sign_on_goes_on(
    browser: Browsing, ada: Codes, databases: Databases, clock: StandingClock
) -> None:
    await send_password(browser)
    assert (await send_code(browser, ada.code())).status_code == 303
    (before,) = await rows(databases, SIGN_ONS)
    clock.advance(minutes=11)
    fresh = "/sign-in?return=/account/delete&fresh=true"
    answer = await browser.send(fresh, {"password": PASSWORD})
    assert answer.headers["Location"] == f"{SECOND_FACTOR}?return=/account/delete&fresh=true"
    assert (await browser.http.get("/account/delete")).headers["Location"] == fresh
    done = await send_code(browser, ada.code(), answer.headers["Location"])
    assert done.headers["Location"] == "/account/delete"
    await browser.open("/account/delete")
    (after,) = await rows(databases, SIGN_ONS)
    assert (after["id"], after["acr"]) == (before["id"], "mfa")
    assert after["authenticated_at"] == clock.now()


async def test_sign_on_of_somebody_else_in_the_browser_ends_with_the_code_and_not_before(
    identity_at: Identity, browser: Browsing, ada: Codes, databases: Databases
) -> None:
    eve = await identity_at.register("eve")
    await browser.sign_on("eve")
    await send_password(browser)
    assert "eve" in await browser.open("/account")
    assert (await send_code(browser, ada.code())).status_code == 303
    (sign_on,) = await rows(databases, SIGN_ONS)
    assert sign_on["user_id"] != UUID(eve)


async def test_later_sign_in_of_the_browser_takes_the_place_of_the_half_open_one(
    identity_at: Identity, browser: Browsing, ada: Codes
) -> None:
    codes_of_eve = await register_with_codes(identity_at, "eve")
    first = await send_password(browser)
    await send_password(browser, "eve")
    # The tab of ada sends a code of hers, and then one that belongs to the sign-in that the page names now.
    refused = await send_code(browser, ada.code(), first)
    assert refused.status_code == 422
    assert 'value="eve" readonly' in refused.text
    assert (await send_code(browser, codes_of_eve.code(), first)).status_code == 303
    assert "eve" in await browser.open("/account")


async def test_code_of_another_account_is_a_wrong_code(identity_at: Identity, browser: Browsing, ada: Codes) -> None:
    codes_of_eve = await register_with_codes(identity_at, "eve")
    await send_password(browser)
    for code in (codes_of_eve.code(), codes_of_eve.recovery_codes[0]):
        assert (await send_code(browser, code)).status_code == 422
    async with browsing(identity_at) as other:
        await send_password(other, "eve")
        assert (await send_code(other, codes_of_eve.code())).status_code == 303


ODD = [
    "",
    " ",
    "\x00",
    "12345",
    "1234567",
    "١٢٣٤٥٦",
    "0" * 101,
    "0" * 9_000,
    "zzzz-zzzz-zzzz-zzzz",
    "'; --",
    "\U0001f511",
]


async def test_what_is_no_code_is_refused_and_never_an_error_of_ours(
    browser: Browsing, ada: Codes, clock: StandingClock
) -> None:
    for text in ODD:
        path = await send_password(browser)
        answer = await send_code(browser, text, path)
        assert (answer.status_code, 'href="#code"' in answer.text) == (422, True), repr(text)
    assert (await send_code(browser, ada.code())).status_code == 303


async def test_form_of_another_site_is_refused(browser: Browsing, ada: Codes) -> None:
    await send_password(browser)
    for headers in FOREIGN.values():
        sent = [*httpx.Headers(headers).multi_items(), ("Content-Type", "application/x-www-form-urlencoded")]
        answer = await browser.http.post(SECOND_FACTOR, content=f"code={ada.code()}", headers=sent)
        assert answer.status_code == 403
    assert (await send_code(browser, ada.code())).status_code == 303


async def test_no_code_and_no_secret_is_in_a_log(
    browser: Browsing, ada: Codes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await send_password(browser)
    secret, wrong = browser.http.cookies[HALF_OPEN], ada.code(-5)
    assert (await send_code(browser, wrong)).status_code == 422
    assert (await send_code(browser, ada.recovery_codes[0])).status_code == 303
    assert "wrong second factor" in caplog.text
    assert not any(text in caplog.text for text in (secret, wrong, ada.recovery_codes[0]))
