"""An application asks that a person be signed out (OpenID Connect RP-Initiated Logout 1.0)."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.identity.authorizing import Application, application, tokens_by_code
from tests.identity.browsing import Browsing, browsing
from tests.identity.signing_on import cookie_of
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from watchword.testing import Issuer, StandingClock

LOGOUT = "/oauth/logout"
SIGNED_OUT = "https://app.example/signed-out"
STATE = "state of the application & more"
LEFT = f"{SIGNED_OUT}?{urlencode({'state': STATE})}"
BACK = {"post_logout_redirect_uri": SIGNED_OUT, "state": STATE}


async def app_at(identity: Identity, app_id: str = "app") -> Application:
    reach: dict[str, Any] = {"scopes": ["openid", "posts:write"], "audiences": [POSTS_URL, IDENTITY_URL]}
    return await application(identity, app_id, post_logout_redirect_uris=[SIGNED_OUT], **reach)


async def tokens_of(browser: Browsing, identity: Identity, app: Application) -> dict[str, Any]:
    return await tokens_by_code(browser, identity, app, scope="openid posts:write", resource=POSTS_URL)


async def ask(browser: Browsing, **parameters: str) -> httpx.Response:
    answer = await browser.http.get(LOGOUT, params=parameters)
    assert answer.status_code == 303, answer.text
    return answer


def leads_to(answer: httpx.Response) -> str:
    return str(answer.headers["Location"])


async def test_id_token_of_the_present_sign_on_ends_it_and_the_browser_goes_back(identity: Identity) -> None:
    async with browsing(identity, "ada") as browser:
        app = await app_at(identity)
        tokens = await tokens_of(browser, identity, app)
        answer = await ask(browser, id_token_hint=tokens["id_token"], client_id=app.id, **BACK)
        assert leads_to(answer) == LEFT
        assert (cookie_of(answer).value, answer.headers["Clear-Site-Data"]) == ("", '"cache", "storage"')
        assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
        assert not await browser.is_signed_on()
    refused = await identity.refresh(tokens["refresh_token"], client_id=app.id)
    assert refused.json()["error"] == "invalid_grant"


async def test_without_a_uri_a_page_says_that_the_person_is_signed_out(identity: Identity) -> None:
    async with browsing(identity, "ada") as browser:
        tokens = await tokens_of(browser, identity, await app_at(identity))
        answer = await ask(browser, id_token_hint=tokens["id_token"], state=STATE, ui_locales="de", logout_hint="ada")
        assert leads_to(answer) == "/done/signed-out"
        assert not await browser.is_signed_on()


async def test_hint_may_have_expired_and_its_session_may_have_ended(
    identity_at: Identity, clock: StandingClock
) -> None:
    async with browsing(identity_at, "ada") as browser:
        app = await app_at(identity_at)
        tokens = await tokens_of(browser, identity_at, app)
        await identity_at.http.post("/oauth/revoke", data={"token": tokens["refresh_token"], "client_id": app.id})
        clock.advance(hours=2)
        assert await browser.is_signed_on()
        assert leads_to(await ask(browser, id_token_hint=tokens["id_token"], **BACK)) == LEFT
        assert not await browser.is_signed_on()


async def test_without_a_hint_the_person_is_asked_by_a_page_that_names_the_application(identity: Identity) -> None:
    async with browsing(identity, "ada") as browser:
        await app_at(identity)
        question = leads_to(await ask(browser, client_id="app", **BACK))
        page = await browser.http.get(question)
        assert "The application asks" in page.text
        assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]
        assert await browser.is_signed_on()
        answer = await browser.send(question)
        assert (answer.status_code, leads_to(answer)) == (303, LEFT)
        assert not await browser.is_signed_on()


async def test_person_who_is_asked_by_nobody_they_know_goes_nowhere_else(identity: Identity) -> None:
    async with browsing(identity, "ada") as browser:
        await app_at(identity)
        assert leads_to(await ask(browser)) == "/sign-out"
        page = await browser.http.get("/sign-out")
        assert "The application" not in page.text
        assert "form-action 'self';" in page.headers["Content-Security-Policy"]
        planted = urlencode({"client_id": "app", "post_logout_redirect_uri": "https://evil.example/"})
        assert (await browser.http.get(f"/sign-out?{planted}")).text == page.text
        assert leads_to(await browser.send(f"/sign-out?{planted}")) == "/done/signed-out"


UNREGISTERED = [
    f"{SIGNED_OUT}/",
    f"{SIGNED_OUT}?more=1",
    "https://app.example/Signed-Out",
    "https://APP.example/signed-out",
    "https://app.example:8443/signed-out",
    "https://app.example/",
    "https://app.example/callback",
    "https://app.example.evil.example/signed-out",
    "javascript:alert(1)",
]


async def test_unregistered_uri_is_not_gone_to_and_ends_nothing_unasked(identity: Identity) -> None:
    async with browsing(identity, "ada") as browser:
        tokens = await tokens_of(browser, identity, await app_at(identity))
        hint = {"id_token_hint": tokens["id_token"]}
        for uri in UNREGISTERED:
            assert leads_to(await ask(browser, post_logout_redirect_uri=uri, **hint)) == "/sign-out"
        for client in ("", "nobody", "web", "appx"):
            assert leads_to(await ask(browser, client_id=client, **BACK)) == "/sign-out"
        assert await browser.is_signed_on()


Hint = Callable[[Identity, Browsing, Issuer], Awaitable[str]]


async def access_token(identity: Identity, browser: Browsing, _: Issuer) -> str:
    return str((await tokens_of(browser, identity, await app_at(identity)))["access_token"])


async def refresh_token(identity: Identity, browser: Browsing, _: Issuer) -> str:
    return str((await tokens_of(browser, identity, await app_at(identity)))["refresh_token"])


async def forged_token(identity: Identity, browser: Browsing, _: Issuer) -> str:
    token = str((await tokens_of(browser, identity, await app_at(identity)))["id_token"])
    return f"{token[:-8]}{'A' * 8}"


async def token_of_another_issuer(identity: Identity, _: Browsing, issuer: Issuer) -> str:
    await app_at(identity)
    return issuer.mint(claims={"aud": "app", "sid": "x"}, header={"typ": "JWT"})


async def token_of_another_client(identity: Identity, browser: Browsing, _: Issuer) -> str:
    await app_at(identity)
    other = await app_at(identity, "other")
    return str((await tokens_of(browser, identity, other))["id_token"])


async def token_of_another_person(identity: Identity, _: Browsing, __: Issuer) -> str:
    app = await app_at(identity)
    async with browsing(identity, "eve") as other:
        return str((await tokens_of(other, identity, app))["id_token"])


@pytest.mark.parametrize(
    "hint",
    [
        access_token,
        refresh_token,
        forged_token,
        token_of_another_issuer,
        token_of_another_client,
        token_of_another_person,
    ],
)
async def test_wrong_hint_neither_ends_anything_unasked_nor_leads_anywhere(
    identity: Identity, issuer: Issuer, hint: Hint
) -> None:
    async with browsing(identity, "ada") as browser:
        token = await hint(identity, browser, issuer)
        for _ in range(2):
            assert leads_to(await ask(browser, id_token_hint=token, client_id="app", **BACK)) == "/sign-out"
        assert await browser.is_signed_on()


async def test_id_token_of_an_earlier_sign_on_ends_the_present_one_only_if_the_person_agrees(
    identity: Identity,
) -> None:
    async with browsing(identity, "ada") as browser:
        app = await app_at(identity)
        tokens = await tokens_of(browser, identity, app)
        await browser.send("/sign-out")
        await browser.sign_on("ada")
        question = leads_to(await ask(browser, id_token_hint=tokens["id_token"], **BACK))
        assert tokens["id_token"] not in question
        assert await browser.is_signed_on()
        assert leads_to(await browser.send(question)) == LEFT
        assert not await browser.is_signed_on()


async def test_browser_without_a_sign_on_ends_nothing_and_goes_back(identity: Identity) -> None:
    async with browsing(identity, "ada") as browser, browsing(identity) as other:
        app = await app_at(identity)
        tokens = await tokens_of(browser, identity, app)
        for parameters in ({"client_id": app.id}, {"id_token_hint": tokens["id_token"]}):
            answer = await ask(other, **parameters, **BACK)
            assert leads_to(answer) == LEFT
            assert "set-cookie" not in answer.headers
        unregistered = {"client_id": app.id, "post_logout_redirect_uri": "https://evil.example/"}
        assert leads_to(await ask(other, **unregistered)) == "/done/signed-out"
        assert await browser.is_signed_on()
    assert (await identity.refresh(tokens["refresh_token"], client_id=app.id)).status_code == 200


async def test_form_from_another_origin_leads_to_the_same_request_by_get(identity: Identity) -> None:
    async with browsing(identity, "ada") as browser:
        tokens = await tokens_of(browser, identity, await app_at(identity))
        fields = {"id_token_hint": tokens["id_token"], **BACK, "unknown": "x"}
        answer = await browser.send(LOGOUT, fields, headers={"Origin": "https://app.example"})
        assert answer.status_code == 303
        assert await browser.is_signed_on()
        assert leads_to(await browser.http.get(leads_to(answer))) == LEFT


@pytest.mark.parametrize(
    "query",
    ["state=a&state=b", "client_id=app&client_id=app", "state=%00", "state=%ff", f"id_token_hint={'x' * 20_000}"],
)
async def test_request_that_cannot_be_read_is_refused_on_a_page(identity: Identity, query: str) -> None:
    async with browsing(identity, "ada") as browser:
        for path in (LOGOUT, "/sign-out"):
            answer = await browser.http.get(f"{path}?{query}")
            assert answer.status_code == 400
            assert "could not be read" in answer.text
        answer = await browser.http.post(LOGOUT, content="state=a", headers={"Content-Type": "text/plain"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
        assert await browser.is_signed_on()
