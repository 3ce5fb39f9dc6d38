"""The page that signs people on: whom it lets in, where it leads, and what it tells nobody."""

import re
from urllib.parse import quote

import httpx
import pytest

from identity_service.errors import HashingBusy
from identity_service.pages.goals import Goal
from identity_service.users.passwords import Passwords
from tests.identity.signing_on import ORIGIN, cookie_of, register_and_sign_on, sign_on, submit, use, who
from tests.identity.test_pages import FOREIGN
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

__all__ = ["exact_counts"]

WRONG = "a wrong password for ada"
FRESH = "/sign-in?return=/account/delete&fresh=true"


def shown(answer: httpx.Response) -> str:
    """What the page says, without what was typed and the challenge for a passkey, which is another one each time."""
    return re.sub(r' value="[^"]*"|"challenge": "[^"]*"', "", answer.text)


async def test_all_who_may_not_sign_in_get_the_same_answer(verifying: Identity, databases: Databases) -> None:
    for name in ("ada", "bob", "eve"):
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        assert (await verifying.http.post("/users", json=body)).status_code == 202
    statement = (
        "UPDATE identity.users SET awaits_verification = false, is_active = username <> 'bob' WHERE username <> 'eve'"
    )
    await databases.execute("identity_owner", statement)
    answers = [
        await submit(verifying, "/sign-in", login=login, password=password)
        for login, password in (("nobody", PASSWORD), ("ada", WRONG), ("bob", PASSWORD), ("eve", PASSWORD))
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({shown(answer) for answer in answers}) == 1
    assert all("set-cookie" not in answer.headers for answer in answers)
    page = answers[0].text
    assert 'href="#login"' in page
    assert 'href="/verify-email"' in page
    assert 'href="/forgot-password"' in page
    assert 'value="nobody"' in page
    assert PASSWORD not in page
    await sign_on(verifying)


async def test_what_is_missing_is_said_at_its_field(identity: Identity) -> None:
    answer = await submit(identity, "/sign-in")
    assert answer.status_code == 422
    assert 'href="#login"' in answer.text
    assert 'href="#password"' in answer.text
    for fields in ({"login": "a" * 5_000, "password": PASSWORD}, {"login": "ada", "password": "a" * 9_000}):
        assert "do not belong together" in (await submit(identity, "/sign-in", ORIGIN, **fields)).text
    assert (await submit(identity, "/sign-in", login="a\x00", password="b")).status_code == 422


async def test_form_of_another_site_signs_nobody_on(identity: Identity, databases: Databases) -> None:
    await identity.register("eve")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for headers in FOREIGN.values():
        sent = [*httpx.Headers(headers).multi_items(), *form.items()]
        answer = await identity.http.post("/sign-in", content=f"login=eve&password={quote(PASSWORD)}", headers=sent)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    assert await databases.fetch("identity_app", "SELECT FROM identity.sign_ons") == []


LOCAL = ["/account", "/account/password", "/account/devices/019a-b_c", "/oauth/authorize?client_id=app&state=%2F"]
ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/account//evil.example",
    "/account/..//evil.example",
    "/account/%2e%2e",
    "/account\n",
    "/account\r\nSet-Cookie: a=b",
    "/account/\t/x",
    "/accounts",
    "/account?x=1",
    "/account#x",
    "/account@evil.example",
    "account",
    "/oauth/authorize",
    "/oauth/authorize?",
    "/oauth/authorize?x=1\r\nSet-Cookie: a=b",
    "/oauth/authorize?x=é",
    "/oauth/authorize?x=" + "a" * 10_000,
    "/oauth/authorize/../token?x=1",
    "//oauth/authorize?x=1",
    "/oauth/token?x=1",
    "/sign-out",
    "/",
    "javascript:alert(1)",
    "/account/" + "a" * 10_000,
    "/account/é",
    "",
]


@pytest.mark.parametrize("path", [*LOCAL, *ELSEWHERE], ids=lambda path: repr(path[:30]))
def test_only_a_page_of_the_account_or_an_authorization_request_is_a_goal(path: str) -> None:
    assert Goal.of(path, needs_fresh=False).path == (path if path in LOCAL else "/account")


async def test_person_goes_on_to_a_page_of_the_account_and_to_no_other_site(identity: Identity) -> None:
    await identity.register("ada")
    for path, goal in ((LOCAL[2], LOCAL[2]), ("//evil.example", "/account"), ("/\\evil.example", "/account")):
        sign_in = f"/sign-in?return={quote(path, safe='')}"
        identity.http.cookies.clear()
        assert f'action="/sign-in?return={goal}"' in (await identity.http.get(sign_in)).text
        for answer in (
            await submit(identity, sign_in, login="ada", password=PASSWORD),
            await identity.http.get(sign_in),
        ):
            assert (answer.status_code, answer.headers["Location"]) == (303, goal)


async def test_fresh_sign_in_asks_the_same_person_for_the_password_alone(
    identity_at: Identity, clock: StandingClock
) -> None:
    await identity_at.register("eve")
    secret = await register_and_sign_on(identity_at)
    assert (await identity_at.http.get(FRESH)).headers["Location"] == "/account/delete"
    clock.advance(minutes=11)
    page = (await identity_at.http.get(FRESH)).text
    assert 'value="ada" readonly' in page
    assert 'name="login"' not in page
    assert 'href="/sign-out"' in page
    wrong = await submit(identity_at, FRESH, password=WRONG)
    assert wrong.status_code == 422
    assert 'href="#password"' in wrong.text
    assert 'value="ada" readonly' in wrong.text
    answer = await submit(identity_at, FRESH, password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/delete")
    assert (await identity_at.http.get(FRESH)).headers["Location"] == "/account/delete"
    assert await who(identity_at, secret) is None
    assert await who(identity_at, cookie_of(answer).value) == "ada"


async def test_password_alone_signs_on_nobody_without_a_live_sign_on(identity: Identity) -> None:
    secret = await register_and_sign_on(identity)
    await submit(identity, "/sign-out")
    use(identity, secret)
    answer = await submit(identity, FRESH, password=PASSWORD)
    assert answer.status_code == 422
    assert 'name="login"' in answer.text
    assert 'href="#login"' in answer.text


async def test_person_who_changed_the_username_meanwhile_is_still_the_same(
    identity_at: Identity, clock: StandingClock
) -> None:
    await register_and_sign_on(identity_at)
    await submit(identity_at, "/account", username="countess")
    clock.advance(minutes=11)
    assert 'value="countess" readonly' in (await identity_at.http.get(FRESH)).text
    assert (await submit(identity_at, FRESH, password=PASSWORD)).status_code == 303


@pytest.mark.usefixtures("exact_counts")
async def test_page_and_token_endpoint_share_one_limit(clean_databases: Databases) -> None:
    async with services.identity(clean_databases, limit_sign_in="3/900") as identity:
        await identity.register("ada")
        await submit(identity, "/sign-in", login="ada", password=WRONG)
        await identity.token(grant_type="password", username="ada", password=WRONG)
        await submit(identity, "/sign-in", login="ADA", password=WRONG)
        answer = await submit(identity, "/sign-in", login="ada", password=PASSWORD)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 200
        assert answer.headers["RateLimit-Policy"] == '"sign-in";q=3;w=900'
        assert f"Try again in {answer.headers['Retry-After']} seconds" in answer.text
        assert 'value="ada"' in answer.text
        assert (await identity.token(grant_type="password", username="ada", password=PASSWORD)).status_code == 429
        assert identity.parts.authentication.password.outcomes["limited"] == 2


async def test_page_keeps_the_form_while_the_service_is_busy(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise HashingBusy

    await identity.register("ada")
    monkeypatch.setattr(Passwords, "verify", full)
    answer = await submit(identity, "/sign-in", login="ada", password=PASSWORD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert 'value="ada"' in answer.text
    assert "busy" in answer.text


async def test_page_cannot_be_framed_or_kept_and_its_secret_is_in_no_log(
    identity: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secret = await register_and_sign_on(identity)
    wrong = await submit(identity, "/sign-in", login="ada", password=WRONG)
    for answer in (wrong, await identity.http.get("/account"), await identity.http.get("/sign-out")):
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in caplog.text
    assert WRONG not in caplog.text


async def test_outdated_hash_is_replaced_by_a_sign_in_at_the_page(
    clean_databases: Databases, databases: Databases
) -> None:
    async with services.identity(clean_databases) as identity:
        await identity.register("ada")
    async with services.identity(clean_databases, bcrypt_rounds=5) as identity:
        await sign_on(identity)
    ((row,)) = await databases.fetch("identity_owner", "SELECT password_hash FROM identity.users")
    assert "r=5" in row["password_hash"]
