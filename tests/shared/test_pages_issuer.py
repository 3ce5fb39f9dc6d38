"""An issuer that is away, or answers wrongly: nobody is signed in, and nobody is signed out because of it."""

import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from tests.shared.signing_in import ISSUER, SESSION, Browser, Switched, browser_at
from watchword.pages import issuer_client
from watchword.testing import CodeFlow, Issuer, StandingClock
from watchword.testing.issuer import ABSENT

FLAWS: dict[str, Mapping[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "another-client"},
    "further audiences": {"aud": ["notes-pages", "another-client"]},
    "another authorized party": {"azp": "another-client"},
    "expired": {"exp": 1},
    "no end": {"exp": ABSENT},
    "an end that is a text": {"exp": "9999999999"},
    "of the future": {"iat": 9_999_999_999},
    "without its time": {"iat": ABSENT},
    "another sign-in": {"nonce": "another"},
    "no sign-in": {"nonce": ABSENT},
    "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "no access token": {"at_hash": ABSENT},
    "nobody": {"sub": ABSENT},
}


@pytest.fixture
def flow() -> CodeFlow:
    return CodeFlow(Issuer(ISSUER, "https://notes.example/api"))


@pytest.fixture
def switched(flow: CodeFlow) -> Switched:
    return Switched(flow)


@pytest.fixture
async def browser(flow: CodeFlow, switched: Switched, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Browser]:
    monkeypatch.setattr(issuer_client, "RETRY_SECONDS", 0.0)
    async with browser_at(issuer=flow, transport=switched) as browser:
        yield browser


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens", request=request)


@pytest.mark.parametrize("flaw", FLAWS)
async def test_an_id_token_with_one_flaw_signs_nobody_in(browser: Browser, flaw: str) -> None:
    answer = await browser.sign_in(id_token=FLAWS[flaw])
    assert (answer.status_code, browser.cookie(SESSION), len(browser.issuer.revoked)) == (400, None, 1)
    assert (await browser.sign_in(id_token={"aud": ["notes-pages"], "azp": "notes-pages"})).status_code == 303


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"typ": "at+jwt"}, {"typ": "rt+jwt"}, {"typ": ABSENT}, {"crit": ["exp"]}],
)
async def test_a_token_of_another_kind_signs_nobody_in(
    browser: Browser, flow: CodeFlow, switched: Switched, header: Mapping[str, Any]
) -> None:
    def instead(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/token"):
            return None
        token = flow.issuer.mint(header={"typ": "JWT", **header}, claims={"aud": "notes-pages"})
        return httpx.Response(200, json={**tokens(flow), "id_token": token})

    switched.instead = instead
    assert ((await browser.sign_in()).status_code, browser.cookie(SESSION)) == (400, None)


def tokens(flow: CodeFlow, **members: Any) -> dict[str, Any]:
    body = {"access_token": flow.issuer.mint(), "token_type": "Bearer", "expires_in": 600, "refresh_token": "r"}
    return {**body, "id_token": "i", **members}


@pytest.mark.parametrize(
    "members",
    [{"access_token": ""}, {"token_type": "DPoP"}, {"expires_in": None}, {"expires_in": "600"}, {"id_token": None}],
)
async def test_an_answer_without_what_it_must_have_signs_nobody_in(
    browser: Browser, flow: CodeFlow, switched: Switched, members: dict[str, Any]
) -> None:
    switched.instead = lambda request: (
        httpx.Response(200, json=tokens(flow, **members)) if request.url.path.endswith("/token") else None
    )
    assert ((await browser.sign_in()).status_code, browser.cookie(SESSION)) == (503, None)


async def test_without_a_refresh_token_nobody_is_signed_in_and_the_log_says_what_is_missing(
    browser: Browser, flow: CodeFlow, switched: Switched, caplog: pytest.LogCaptureFixture
) -> None:
    body = tokens(flow)
    del body["refresh_token"]
    switched.instead = lambda request: httpx.Response(200, json=body) if request.url.path.endswith("/token") else None
    assert ((await browser.sign_in()).status_code, browser.cookie(SESSION)) == (503, None)
    assert "needs offline_access" in caplog.text


async def test_while_the_issuer_is_away_a_page_says_so_and_nobody_is_signed_out(
    browser: Browser, switched: Switched
) -> None:
    switched.instead = away
    answer = await browser.http.get("/auth/start", params={"return": "/notes?a=1"})
    assert (answer.status_code, browser.pending()) == (503, {})
    assert 'href="/auth/start?return=/notes%3Fa%3D1"' in answer.text
    assert "try again shortly" in answer.text
    assert "retry-after" in answer.headers
    switched.instead = lambda _: None
    await browser.sign_in()
    session = browser.cookie(SESSION)
    for instead in (away, lambda _: httpx.Response(500), lambda _: httpx.Response(429), lambda _: httpx.Response(200)):
        switched.instead = instead
        answer = await browser.token()
        assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unavailable")
    assert browser.cookie(SESSION) == session
    switched.instead = lambda _: None
    assert (await browser.token()).status_code == 200


@pytest.mark.parametrize("error", [httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError])
async def test_a_call_whose_answer_is_lost_is_sent_once_more_and_a_code_is_not(
    browser: Browser, switched: Switched, error: type[httpx.TransportError]
) -> None:
    lost = True

    def instead(request: httpx.Request) -> httpx.Response | None:
        nonlocal lost
        if lost and request.method == "POST":
            lost = False
            raise error("broken off", request=request)
        return None

    await browser.sign_in()
    switched.instead = instead
    assert (await browser.token()).status_code == 200
    first, second = (request.content for request in switched.requests[-2:])
    assert first == second
    # The issuer may have traded the code in, and a code that comes twice ends its session.
    lost = True
    assert (await browser.sign_in()).status_code == 503
    lost = True
    assert (await browser.sign_out()).json()["revoked"] is True


async def test_a_sign_out_while_the_issuer_is_away_ends_the_session_here_and_says_so(
    browser: Browser, switched: Switched
) -> None:
    await browser.sign_in()
    switched.instead = away
    answer = await browser.sign_out()
    assert (answer.status_code, answer.json()["revoked"], browser.cookie(SESSION)) == (200, False, None)


async def test_a_session_that_has_ended_at_the_issuer_ends_here(browser: Browser, switched: Switched) -> None:
    await browser.sign_in()
    switched.instead = lambda _: httpx.Response(400, json={"error": "invalid_grant"})
    answer = await browser.token()
    assert (answer.status_code, answer.json()["code"], browser.cookie(SESSION)) == (401, "not_signed_in", None)


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "invalid_scope", "invalid_target"])
async def test_a_client_that_is_not_set_up_is_named_in_the_log_and_signs_nobody_out(
    browser: Browser, switched: Switched, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    await browser.sign_in()
    status = 401 if error == "invalid_client" else 400
    switched.instead = lambda _: httpx.Response(status, json={"error": error, "error_description": "no\nway"})
    answer = await browser.token()
    assert (answer.status_code, answer.json()["code"]) == (503, "sign_in_failed")
    assert browser.cookie(SESSION) is not None
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert f"notes-pages at {ISSUER} is refused with {status}: {error}" in warnings[0]
    assert "\n" not in warnings[0]


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": None},
        {"authorization_endpoint": "http://id.example/oauth/authorize"},
        {"jwks_uri": "javascript:alert(1)"},
        {"end_session_endpoint": "nowhere"},
    ],
)
async def test_metadata_that_is_not_the_issuers_is_not_used(
    browser: Browser, flow: CodeFlow, switched: Switched, change: dict[str, Any]
) -> None:
    async with httpx.AsyncClient(transport=flow.transport()) as http:
        document = (await http.get(f"{ISSUER}/.well-known/openid-configuration")).json()
    switched.instead = lambda _: httpx.Response(200, json={**document, **change})
    assert (await browser.http.get("/auth/start")).status_code == 503


async def test_metadata_is_fetched_when_it_is_needed_and_once(browser: Browser, switched: Switched) -> None:
    assert switched.requests == []
    for _ in range(3):
        await browser.start()
    assert [request.url.path for request in switched.requests] == ["/.well-known/openid-configuration"]


async def test_a_session_that_no_cookie_holds_is_refused(browser: Browser, switched: Switched) -> None:
    flow = browser.issuer

    def instead(request: httpx.Request) -> httpx.Response | None:
        is_refresh = b"grant_type=refresh_token" in request.content
        return httpx.Response(200, json=tokens(flow, refresh_token="r" * 4_000)) if is_refresh else None

    await browser.sign_in()
    switched.instead = instead
    answer = await browser.token()
    assert (answer.status_code, answer.json()["code"]) == (503, "sign_in_failed")


async def test_the_secret_of_the_client_and_the_verifier_go_to_the_issuer_alone(
    browser: Browser, switched: Switched, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await browser.sign_in()
    form = dict(httpx.QueryParams(switched.requests[1].content.decode()))
    assert form.keys() == {"grant_type", "code", "code_verifier", "redirect_uri", "resource"}
    assert switched.requests[1].headers["authorization"].startswith("Basic ")
    session = (await browser.token()).json()
    secrets = [form["code"], form["code_verifier"], session["access_token"], "secret-of-the-notes-pages"]
    # The browser of this test logs where it goes.
    records = [record.__dict__ for record in caplog.records if record.name != "httpx"]
    shown = json.dumps(records, default=str) + answer.text
    assert not any(secret in shown for secret in secrets)


async def test_the_clock_of_a_test_is_obeyed() -> None:
    clock = StandingClock()
    async with browser_at(clock=clock) as browser:
        clock.advance(days=-400)
        assert (await browser.sign_in()).status_code == 303
