"""/device: entering the code of a device, seeing who asks, and deciding (RFC 8628 section 3.3)."""

from collections.abc import AsyncIterator
from html import escape
from typing import Any
from urllib.parse import quote

import pytest

from identity_service.installation import POSTS_SCOPES
from tests.identity.browsing import Browsing, browsing, leads_to_sign_in
from tests.identity.device_flow import NAME, Television, allow, deny, enter, register_client, switched_on
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.services import PASSWORD, Identity

__all__ = ["exact_counts"]

DECIDED = "SELECT decided_at, user_id FROM identity.device_grants WHERE decided_at IS NOT NULL"
WAITS_NOT = "No device is waiting with this code"

pytestmark = pytest.mark.usefixtures("device_client")


async def test_the_page_says_who_asks_for_what_and_from_where(ada: Browsing, television: Television) -> None:
    answer = await enter(ada, television.user_code)
    assert answer.status_code == 200
    shown = [NAME, "as ada", television.user_code, "notes-tv", "127.0.0.1", POSTS_SCOPES["posts:write"]]
    assert [text for text in shown if text not in answer.text] == []
    assert "If somebody has sent you the code or a link" in answer.text
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "strict-origin")


async def test_a_code_may_be_typed_in_any_way(ada: Browsing, television: Television) -> None:
    code = television.user_code
    for text in (code.lower(), code.replace("-", ""), f" {code[:4]} {code[4:]}. "):
        assert (await enter(ada, text)).status_code == 200, text


async def test_a_code_that_no_device_shows_is_shown_again_with_what_is_wrong(ada: Browsing) -> None:
    for code in ("BCDF-GHJK", "BCDF", "nonsense", "AEIO-U012", "é" * 8, "<script>", "B" * 5_000):
        answer = await enter(ada, code)
        shown = (answer.status_code, WAITS_NOT in answer.text, escape(code) in answer.text)
        assert (shown, "<script" in answer.text) == ((422, True, True), False), code


async def test_a_missing_code_and_an_unknown_choice_are_refused(
    ada: Browsing, television: Television, databases: Databases
) -> None:
    answer = await enter(ada, "", "allow")
    assert (answer.status_code, "Enter the code that the device shows" in answer.text) == (422, True)
    assert (await enter(ada, television.user_code, "perhaps")).status_code == 422
    for form in ({"user_code": "x", "other": "y"}, {"user_code": "\x00"}):
        assert (await ada.send("/device", form)).status_code in (400, 422)
    assert await databases.fetch("identity_app", DECIDED) == []


async def test_a_link_with_the_code_fills_it_in_and_decides_nothing(
    ada: Browsing, television: Television, databases: Databases
) -> None:
    page = await ada.open(f"/device?user_code={television.user_code}&choice=allow")
    assert (f'value="{television.user_code}"' in page, NAME in page) == (True, False)
    assert await databases.fetch("identity_app", DECIDED) == []
    for strange in ("<script>alert(1)</script>", "x" * 200, "%00", "BCDF"):
        page = await ada.open(f"/device?user_code={quote(strange)}")
        assert ('name="user_code"' in page, " value=" in page, "<script" in page) == (True, False, False)


async def test_a_person_signs_in_first_and_comes_back_with_the_code(identity: Identity, ada: Browsing) -> None:
    await register_client(identity)
    television = await switched_on(identity)
    link = f"/device?user_code={television.user_code}"
    async with browsing(identity) as browser:
        answer = await browser.http.get(link)
        assert leads_to_sign_in(answer, link)
        assert television.user_code in await browser.open(answer.headers["Location"])
        answer = await browser.send(answer.headers["Location"], {"login": "ada", "password": PASSWORD})
        assert (answer.status_code, answer.headers["Location"]) == (303, link)
        await allow(browser, television)
    await television.tokens()


async def test_nobody_decides_without_a_sign_on(
    identity: Identity, television: Television, databases: Databases
) -> None:
    async with browsing(identity) as browser:
        for choice in (None, "allow", "deny"):
            assert leads_to_sign_in(await enter(browser, television.user_code, choice), "/device")
        answer = await browser.http.get("/device", params={"user_code": "//evil.example"})
        assert leads_to_sign_in(answer, "/device")
    assert await databases.fetch("identity_app", DECIDED) == []


FOREIGN: dict[str, dict[str, str]] = {
    "another origin": {"Origin": "https://evil.example"},
    "another port": {"Origin": "http://localhost:8002"},
    "no origin": {},
    "an origin that hides": {"Origin": "null"},
    "another site": {"Origin": "http://localhost:8001", "Sec-Fetch-Site": "cross-site"},
}


async def test_a_form_of_a_stranger_decides_nothing(
    ada: Browsing, television: Television, databases: Databases
) -> None:
    for name, headers in FOREIGN.items():
        for choice in ("allow", "deny"):
            fields = {"user_code": television.user_code, "choice": choice}
            assert (await ada.send("/device", fields, headers=headers)).status_code == 403, name
        assert await databases.fetch("identity_app", DECIDED) == [], name


async def test_a_code_is_decided_about_once(ada: Browsing, identity: Identity, television: Television) -> None:
    await deny(ada, television)
    again = [await enter(ada, television.user_code, choice) for choice in (None, "allow", "deny")]
    assert [(one.status_code, WAITS_NOT in one.text) for one in again] == [(422, True)] * 3
    other = await switched_on(identity)
    await allow(ada, other)
    await other.tokens()
    assert (await enter(ada, other.user_code)).status_code == 422


async def test_a_choice_of_somebody_who_was_signed_on_before_decides_nothing(
    ada: Browsing, identity: Identity, television: Television, databases: Databases
) -> None:
    await identity.register("eve")
    await ada.sign_on("eve")
    answer = await enter(ada, television.user_code, "allow", username="ada")
    assert (answer.status_code, "as eve" in answer.text) == (200, True)
    assert await databases.fetch("identity_app", DECIDED) == []


async def test_a_person_with_an_initial_password_chooses_their_own_first(
    ada: Browsing, television: Television, databases: Databases
) -> None:
    await databases.execute("identity_owner", "UPDATE identity.users SET must_change_password = true")
    answer = await enter(ada, television.user_code, "allow")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/password")
    assert await databases.fetch("identity_app", DECIDED) == []


async def test_each_decision_is_in_the_audit_log(
    ada: Browsing, identity: Identity, television: Television, databases: Databases
) -> None:
    await allow(ada, television)
    await deny(ada, await switched_on(identity))
    (ada_id,) = await databases.fetch("identity_app", "SELECT id::text FROM identity.users")
    entries = "SELECT actor, action, subject FROM identity.audit_entries WHERE action LIKE 'device.%' ORDER BY action"
    rows = [tuple(row) for row in await databases.fetch("identity_app", entries)]
    assert rows == [(ada_id["id"], action, "notes-tv") for action in ("device.allowed", "device.denied")]


@pytest.fixture
async def limited(clean_databases: Databases) -> AsyncIterator[Identity]:
    limits: dict[str, Any] = {"limit_user_code_account": "3/9000", "limit_user_code_address": "5/9000"}
    async with services.identity(clean_databases, **limits) as identity:
        yield identity


async def test_one_account_and_one_address_guess_few_codes(limited: Identity) -> None:
    await register_client(limited)
    television = await switched_on(limited)
    async with browsing(limited, "ada") as ada, browsing(limited, "eve") as eve:
        assert [(await enter(ada, "BCDF-GHJK")).status_code for _ in range(4)] == [422, 422, 422, 429]
        # In another browser it is the same account, and with the right code too.
        async with browsing(limited) as other:
            await other.sign_on("ada")
            answer = await enter(other, television.user_code, "allow")
            assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
        assert [(await enter(eve, "BCDF-GHJK", "deny", username="eve")).status_code for _ in range(3)] == [
            422,
            422,
            429,
        ]
    assert await television.error() == "authorization_pending"
