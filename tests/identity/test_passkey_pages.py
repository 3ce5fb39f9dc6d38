"""Passkeys at the sign-in pages: in the place of a password, to show who one is again, and as a second factor."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from identity_service.authentications import KEY, MULTIPLE_FACTORS
from tests.identity.authorizing import Application, answer_of
from tests.identity.both_steps import HALF_OPEN, SECOND_FACTOR, WRONG_CODE, send_code, send_password
from tests.identity.browsing import Browsing, browsing
from tests.identity.mailbox import all_sent, letters
from tests.identity.passkey_pages import PASSKEY, SIGN_IN, action_of, options_of, send_passkey
from tests.identity.passkeys import add_passkey
from tests.identity.signing_on import cookie_of, cookies_of
from tests.support import services
from tests.support.authenticator import USER_PRESENT, Authenticator
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.metrics import scrape
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from watchword.testing import StandingClock

__all__ = ["exact_counts"]

ADA = "ada@example.com"
DEVICE = "watchword_device_8001"
SIGN_ONS = "SELECT acr, amr FROM identity.sign_ons WHERE ended_at IS NULL"
REASONS = "SELECT reason, count FROM identity.refused_sign_ins ORDER BY reason"
REFUSED = "The passkey could not be verified, or the account cannot be used. Try again."
FRESH = f"{SIGN_IN}?return=/account/delete&fresh=true"


async def with_passkey(identity: Identity, username: str = "ada") -> Authenticator:
    """The authenticator of an account that has signed in nowhere since, but to add its passkey."""
    tokens = await identity.sign_in(username, resource=IDENTITY_URL)
    holder, _ = await add_passkey(identity, bearer(tokens["access_token"]))
    return holder


@pytest.fixture
async def ada(identity_at: Identity, browser: Browsing) -> Authenticator:
    """The authenticator with ada's passkey, who is not signed on in the browser."""
    return await with_passkey(identity_at)


async def rows(databases: Databases, statement: str = SIGN_ONS) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await databases.fetch("identity_owner", statement)]


def ensure_refused(answer: httpx.Response, status: int = 422) -> None:
    """The page is shown again, says what is wrong and asks for a passkey again."""
    assert answer.status_code == status, answer.text
    assert (REFUSED in answer.text) is (status == 422)
    assert 'href="#passkey"' in answer.text
    assert options_of(answer.text)["challenge"]
    assert "set-cookie" not in answer.headers


async def test_passkey_signs_on_without_a_name_or_a_password(
    browser: Browsing, ada: Authenticator, databases: Databases
) -> None:
    answer = await send_passkey(browser, ada)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert await browser.is_signed_on()
    assert cookie_of(answer, DEVICE).value
    assert await rows(databases) == [("phr", [KEY, MULTIPLE_FACTORS])]


async def test_page_lets_the_browser_offer_passkeys_and_runs_no_script_but_ours(
    browser: Browsing, ada: Authenticator, databases: Databases
) -> None:
    answer = await browser.http.get(SIGN_IN)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "connect-src" not in answer.headers["content-security-policy"]
    assert answer.text.count("<script src=") == answer.text.count("<script") == 1
    assert 'autocomplete="username webauthn"' in answer.text
    assert "data-conditional" in answer.text
    options = options_of(answer.text)
    assert (options["allowCredentials"], options["userVerification"]) == ([], "required")
    assert await rows(databases, "SELECT digest FROM identity.spent_challenges WHERE expires_at IS NULL") == []


async def test_passkey_leads_on_to_an_application(
    identity_at: Identity, browser: Browsing, ada: Authenticator, app: Application
) -> None:
    page = await browser.http.get(app.path(prompt="login"), follow_redirects=True)
    assert "form-action 'self' https://app.example" in page.headers["content-security-policy"]
    assert "script-src 'self'" in page.headers["content-security-policy"]
    credential = json.dumps(ada.use(options_of(page.text)))
    answer = await browser.send(action_of(page.text), {"credential": credential})
    assert answer.status_code == 303
    answer = await browser.http.get(answer.headers["Location"])
    tokens = await app.exchange(identity_at, answer_of(answer, app)["code"])
    assert tokens.status_code == 200, tokens.text


WRONG: dict[str, dict[str, Any]] = {
    "foreign origin": {"origin": "http://evil.example"},
    "other RP id": {"rp_id": "evil.example"},
    "nobody was verified": {"flags": USER_PRESENT},
    "unknown credential": {"credential_id": b"unknown"},
    "another key": {"key": Authenticator.of(IDENTITY_URL).key},
    "no handle": {"user_handle": None},
    "challenge of nobody": {"client_data": {"challenge": "AAAA"}},
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_refused_passkey_signs_nobody_on(
    browser: Browsing, ada: Authenticator, databases: Databases, wrong: str
) -> None:
    ensure_refused(await send_passkey(browser, replace(ada, **WRONG[wrong])))
    assert await rows(databases) == []
    assert await rows(databases, REASONS) == ([] if wrong == "unknown credential" else [("passkey refused", 1)])
    assert (await send_passkey(browser, ada)).status_code == 303


@pytest.mark.parametrize("credential", ["", "{", "[]", "[" * 3_000, "x" * 9_000, "\x00", '{"id": "\\ud800"}'])
async def test_what_no_authenticator_answers_is_refused(browser: Browsing, ada: Authenticator, credential: str) -> None:
    ensure_refused(await browser.send(PASSKEY, {"credential": credential}))
    ensure_refused(await browser.send(PASSKEY))


@pytest.mark.parametrize("path", [PASSKEY, f"{SECOND_FACTOR}/passkey"])
async def test_address_of_a_refusal_leads_to_the_page_that_asks(browser: Browsing, path: str) -> None:
    answer = await browser.http.get(f"{path}?return=/account/delete&fresh=true")
    expected = f"{path.removesuffix('/passkey')}?return=/account/delete&fresh=true"
    assert (answer.status_code, answer.headers["Location"]) == (303, expected)


async def test_form_over_the_limit_is_refused(browser: Browsing, ada: Authenticator) -> None:
    assert (await browser.send(PASSKEY, {"credential": "x" * 10_000_000})).status_code == 413


async def test_form_of_another_site_is_refused(browser: Browsing, ada: Authenticator) -> None:
    credential = json.dumps(ada.use(options_of(await browser.open(SIGN_IN))))
    answer = await browser.send(PASSKEY, {"credential": credential}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert not await browser.is_signed_on()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE identity.users SET is_active = false", "account disabled"),
        ("UPDATE identity.users SET awaits_verification = true", "address not verified"),
        ("UPDATE identity.users SET initial_password_expires_at = '2000-01-01'", "initial password expired"),
    ],
    ids=["disabled", "awaiting", "initial"],
)
async def test_account_that_cannot_be_used_gets_the_answer_of_a_wrong_passkey(
    browser: Browsing, ada: Authenticator, databases: Databases, statement: str, reason: str
) -> None:
    await databases.execute("identity_owner", statement)
    ensure_refused(await send_passkey(browser, ada))
    assert await rows(databases, REASONS) == [(reason, 1)]
    assert await rows(databases) == []


async def test_initial_password_must_be_changed_after_a_passkey_too(
    browser: Browsing, ada: Authenticator, databases: Databases
) -> None:
    await databases.execute("identity_owner", "UPDATE identity.users SET must_change_password = true")
    assert (await send_passkey(browser, ada)).status_code == 303
    assert (await browser.http.get("/account")).headers["Location"] == "/account/password"


async def test_one_answer_sent_twenty_times_signs_on_once(
    identity_at: Identity, browser: Browsing, ada: Authenticator, databases: Databases
) -> None:
    page = await browser.open(SIGN_IN)
    fields = {"credential": json.dumps(replace(ada, counter=[-1]).use(options_of(page)))}
    answers = await asyncio.gather(*(browser.send(action_of(page), fields) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [303, *[422] * 19]
    assert len(await rows(databases)) == 1


async def test_challenge_of_a_page_expires(browser: Browsing, ada: Authenticator, clock: StandingClock) -> None:
    page = await browser.open(SIGN_IN)
    clock.advance(seconds=600)
    fields = {"credential": json.dumps(ada.use(options_of(page)))}
    ensure_refused(await browser.send(action_of(page), fields))


async def test_fresh_sign_in_takes_the_passkey_of_who_is_signed_on_alone(
    identity_at: Identity, browser: Browsing, ada: Authenticator, clock: StandingClock
) -> None:
    await identity_at.register("eve")
    eve = await with_passkey(identity_at, "eve")
    await send_passkey(browser, ada)
    clock.advance(minutes=11)
    page = await browser.open(FRESH)
    known = [one["id"] for one in options_of(page)["allowCredentials"]]
    assert known == [ada.use(options_of(page))["id"]]
    assert "data-conditional" not in page
    ensure_refused(await send_passkey(browser, eve, FRESH))
    assert (await browser.http.get("/account/delete")).status_code == 303
    assert (await send_passkey(browser, ada, FRESH)).headers["Location"] == "/account/delete"
    assert "ada" in await browser.open("/account/delete")


async def test_page_of_a_person_without_passkeys_asks_for_none(
    identity_at: Identity, browser: Browsing, clock: StandingClock
) -> None:
    await browser.sign_on()
    clock.advance(minutes=11)
    answer = await browser.http.get(FRESH)
    assert "data-passkey" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]


async def test_there_are_no_passkeys_at_an_address(clean_databases: Databases) -> None:
    origin = "http://127.0.0.1:8001"
    async with services.identity(clean_databases, issuer=origin) as identity, browsing(identity) as browser:
        answer = await browser.http.get(f"{origin}{SIGN_IN}")
        assert "data-passkey" not in answer.text
        assert "script-src" not in answer.headers["content-security-policy"]
        assert 'autocomplete="username"' in answer.text
        refusal = await browser.send(f"{origin}{PASSKEY}", {"credential": "{}"}, headers={"Origin": origin})
        assert refusal.status_code == 422


async def test_passkey_is_the_second_factor_after_a_password(
    browser: Browsing, ada: Authenticator, databases: Databases
) -> None:
    path = await send_password(browser)
    page = await browser.open(path)
    assert [one["id"] for one in options_of(page)["allowCredentials"]] == [ada.use(options_of(page))["id"]]
    answer = await send_passkey(browser, ada, path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert cookie_of(answer, HALF_OPEN).value == ""
    assert await rows(databases) == [("phr", ["pwd", KEY, MULTIPLE_FACTORS])]
    assert await rows(databases, "SELECT id FROM identity.half_open_sign_ins") == []


async def test_refused_second_factor_leaves_the_sign_in_as_it_is(
    identity_at: Identity, browser: Browsing, ada: Authenticator, databases: Databases
) -> None:
    await identity_at.register("eve")
    eve = await with_passkey(identity_at, "eve")
    path = await send_password(browser)
    for_sign_in = json.dumps(ada.use(options_of(await browser.open(SIGN_IN))))
    action = action_of(await browser.open(path))
    for _ in range(6):
        ensure_refused(await send_passkey(browser, eve, path))
        ensure_refused(await browser.send(action, {"credential": for_sign_in}))
        ensure_refused(await browser.send(action))
    assert await rows(databases) == []
    assert (await send_passkey(browser, ada, path)).status_code == 303


async def test_half_open_sign_in_that_is_over_takes_no_passkey(
    browser: Browsing, ada: Authenticator, databases: Databases
) -> None:
    path = await send_password(browser)
    page = await browser.open(path)
    for _ in range(5):
        await send_code(browser, WRONG_CODE)
    answer = await browser.send(action_of(page), {"credential": json.dumps(ada.use(options_of(page)))})
    assert answer.status_code == 422
    assert "This sign-in is over" in answer.text
    assert await rows(databases) == []
    assert (await browser.http.get(SECOND_FACTOR)).headers["Location"].startswith(SIGN_IN)


async def test_copied_passkey_is_refused_recorded_and_told_to_its_owner(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    await mailing.register("ada")
    ada = await with_passkey(mailing)
    async with browsing(mailing) as browser:
        assert (await send_passkey(browser, replace(ada, counter=[6]))).status_code == 303
        await browser.send("/sign-out")
        ensure_refused(await send_passkey(browser, replace(ada, counter=[6])))
        path = await send_password(browser)
        answer = await send_passkey(browser, replace(ada, counter=[5]), path)
        assert answer.status_code == 422
    assert await rows(databases) == []
    audit = "SELECT action, detail->>'why' FROM identity.audit_entries WHERE action = 'passkey.refused' ORDER BY id"
    assert await rows(databases, audit) == [
        ("passkey.refused", "the counter went back: 7 after 7"),
        ("passkey.refused", "the counter went back: 6 after 7"),
    ]
    await all_sent(databases)
    assert len(letters(tmp_path, ADA, "A passkey of your account was refused")) == 2


async def test_letter_tells_of_a_passkey_in_a_browser_that_is_not_known(
    mailing: Identity, databases: Databases, tmp_path: Path, clock: StandingClock
) -> None:
    await mailing.register("ada")
    await databases.execute("identity_owner", "UPDATE identity.users SET email_verified_at = created_at")
    ada = await with_passkey(mailing)
    clock.advance(minutes=61)
    async with browsing(mailing) as browser:
        await send_passkey(browser, ada)
        await all_sent(databases)
        assert len(letters(tmp_path, ADA, "A new device")) == 1
        await browser.send("/sign-out")
        clock.advance(minutes=61)
        await send_passkey(browser, ada)
    await all_sent(databases)
    assert len(letters(tmp_path, ADA, "A new device")) == 1


@pytest.fixture
async def limited(clean_databases: Databases) -> AsyncIterator[Identity]:
    async with services.identity(clean_databases, limit_sign_in_address="4/9000") as identity:
        yield identity


async def test_attempts_are_limited_by_address_and_counted(
    limited: Identity, exact_counts: None, databases: Databases
) -> None:
    await limited.register("ada")
    ada = await with_passkey(limited)
    async with browsing(limited) as browser:
        assert (await send_passkey(browser, ada)).status_code == 303
        await browser.send("/sign-out")
        ensure_refused(await send_passkey(browser, replace(ada, flags=USER_PRESENT)))
        ensure_refused(await send_passkey(browser, replace(ada, flags=USER_PRESENT)))
        answer = await send_passkey(browser, ada)
        ensure_refused(answer, 429)
        assert answer.headers["retry-after"]
        assert cookies_of(answer) == []
    metrics = await scrape(limited.http)
    outcomes = ("ok", "refused", "limited", "failed")
    assert [metrics("watchword_passkey_sign_ins_total", outcome=name) for name in outcomes] == [1, 2, 1, 0]


async def test_password_is_not_asked_for_after_a_passkey(browser: Browsing, ada: Authenticator) -> None:
    await send_passkey(browser, ada)
    answer = await browser.send("/sign-in", {"login": "ada", "password": PASSWORD})
    assert answer.headers["Location"].startswith(SECOND_FACTOR)
    assert await browser.is_signed_on()
