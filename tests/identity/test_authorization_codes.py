"""Codes are traded in once, soon, and by the application that asked for them; nothing else changes anything."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from identity_service.clients.models import ApplicationType
from tests.identity.authorizing import VERIFIER, Application, application, code_of, tokens_by_code
from tests.identity.browsing import Browsing, browsing
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL as ISSUER
from tests.support.services import POSTS_URL, Identity, bearer
from watchword.testing import StandingClock

SESSIONS = "SELECT end_reason FROM identity.sessions"
CODES = "SELECT used_at, session_id FROM identity.authorization_codes"


@pytest.fixture
async def app(identity_at: Identity) -> Application:
    return await application(identity_at)


@pytest.fixture
async def browser(identity_at: Identity) -> AsyncIterator[Browsing]:
    """A browser in which ada is signed on."""
    async with browsing(identity_at, "ada") as browser:
        yield browser


async def ensure_refused(response: httpx.Response, databases: Databases, error: str = "invalid_grant") -> None:
    """Whether the code was refused, and is as it was."""
    assert response.status_code in (400, 401), response.text
    assert response.json()["error"] == error
    assert await databases.fetch("identity_app", SESSIONS) == []
    assert [tuple(row) for row in await databases.fetch("identity_app", CODES)] == [(None, None)]


async def test_code_is_traded_in_for_the_tokens_of_a_session(
    identity_at: Identity, browser: Browsing, app: Application
) -> None:
    tokens = await tokens_by_code(browser, identity_at, app)
    assert tokens["scope"] == "posts:write"
    refreshed = await identity_at.refresh(tokens["refresh_token"], client_id=app.id)
    assert refreshed.status_code == 200


async def test_code_presented_otherwise_than_it_was_asked_for_is_refused(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    code = await code_of(browser, app)
    uri = app.redirect_uri
    others: list[dict[str, Any]] = [
        *({"redirect_uri": other} for other in (None, f"{uri}/", f"{uri}?x=1", uri.upper(), uri[:-1])),
        *({"code_verifier": other} for other in (None, VERIFIER[:-1], f"{VERIFIER}x", "é" * 50, "a" * 43, "v" * 129)),
    ]
    for changes in others:
        await ensure_refused(await app.exchange(identity_at, code, **changes), databases)
    for other in (code[:-1], code.swapcase(), "a\x01", "a" * 9_000):
        await ensure_refused(await app.exchange(identity_at, other), databases)
    await ensure_refused(await app.exchange(identity_at, None), databases, "invalid_request")
    assert (await app.exchange(identity_at, code)).status_code == 200


async def test_code_of_another_client_is_refused_and_stays_usable(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    code = await code_of(browser, app)
    other = await application(identity_at, "other", "secret-of-the-other")
    await ensure_refused(await other.exchange(identity_at, code), databases)
    confidential = await application(identity_at, secret="secret-of-the-application")
    await ensure_refused(await app.exchange(identity_at, code), databases, "invalid_client")
    assert (await confidential.exchange(identity_at, code)).status_code == 200


async def test_code_is_refused_once_it_is_a_minute_old(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases, clock: StandingClock
) -> None:
    in_time, late = await code_of(browser, app), await code_of(browser, app)
    clock.advance(seconds=59)
    assert (await app.exchange(identity_at, in_time)).status_code == 200
    await databases.execute("identity_owner", "DELETE FROM identity.sessions")
    await databases.execute("identity_owner", "DELETE FROM identity.authorization_codes WHERE used_at IS NOT NULL")
    clock.advance(seconds=1)
    await ensure_refused(await app.exchange(identity_at, late), databases)


async def test_code_is_refused_after_the_sign_on_ended(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    code = await code_of(browser, app)
    await browser.send("/sign-out")
    await ensure_refused(await app.exchange(identity_at, code), databases)


async def test_code_is_refused_once_the_account_is_disabled(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    code = await code_of(browser, app)
    await databases.execute("identity_owner", "UPDATE identity.users SET is_active = false")
    await ensure_refused(await app.exchange(identity_at, code), databases)
    await databases.execute("identity_owner", "UPDATE identity.users SET is_active = true")
    assert (await app.exchange(identity_at, code)).status_code == 200


async def test_second_use_of_a_code_ends_the_session_that_the_first_one_made(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    code = await code_of(browser, app)
    tokens = (await app.exchange(identity_at, code)).json()
    # Who does not know the verifier ends nobody's session.
    assert (await app.exchange(identity_at, code, code_verifier="v" * 43)).status_code == 400
    assert [row["end_reason"] for row in await databases.fetch("identity_app", SESSIONS)] == [None]
    for _ in range(2):
        assert (await app.exchange(identity_at, code)).json()["error"] == "invalid_grant"
    ended = await databases.fetch("identity_app", SESSIONS)
    assert [row["end_reason"] for row in ended] == ["authorization code replayed"]
    assert (await identity_at.refresh(tokens["refresh_token"], client_id=app.id)).status_code == 400
    assert await browser.is_signed_on()


async def test_replay_is_recorded_once_and_told_to_the_services(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    code = await code_of(browser, app)
    for _ in range(3):
        await app.exchange(identity_at, code)
    statement = "SELECT actor FROM identity.audit_entries WHERE action = 'session.ended'"
    (entry,) = await databases.fetch("identity_app", statement)
    assert entry["actor"] == app.id


async def test_port_of_a_loopback_redirect_is_free_and_the_code_is_bound_to_it(
    identity_at: Identity, browser: Browsing, databases: Databases
) -> None:
    fields: dict[str, Any] = {
        "application_type": ApplicationType.NATIVE,
        "redirect_uris": ["http://127.0.0.1/callback"],
    }
    app = await application(identity_at, "native", **fields)
    response = await browser.http.get(app.path(redirect_uri="http://127.0.0.1:51234/callback"))
    code = dict(httpx.URL(response.headers["Location"]).params)["code"]
    await ensure_refused(await app.exchange(identity_at, code, redirect_uri="http://127.0.0.1/callback"), databases)
    answer = await app.exchange(identity_at, code, redirect_uri="http://127.0.0.1:51234/callback")
    assert answer.status_code == 200


async def test_audience_is_one_of_those_that_were_asked_for(
    identity_at: Identity, browser: Browsing, databases: Databases
) -> None:
    app = await application(identity_at, scopes=["posts:write", "account"], audiences=[POSTS_URL, ISSUER])
    code = await code_of(browser, app, resource=POSTS_URL)
    await ensure_refused(await app.exchange(identity_at, code, resource=ISSUER), databases, "invalid_target")
    await ensure_refused(
        await app.exchange(identity_at, code, resource=[POSTS_URL, ISSUER]), databases, "invalid_target"
    )
    assert (await app.exchange(identity_at, code)).json()["scope"] == "posts:write"
    code = await code_of(browser, app, resource=[POSTS_URL, ISSUER])
    assert (await app.exchange(identity_at, code, resource=ISSUER)).json()["scope"] == "account"


async def test_session_is_shown_with_the_browser_of_the_person_and_not_with_the_server_of_the_application(
    identity_at: Identity,
) -> None:
    app = await application(identity_at, scopes=["account"], audiences=[ISSUER], default_audience=ISSUER)
    async with browsing(identity_at) as browser:
        browser.http.headers["User-Agent"] = "Firefox on the desk"
        await identity_at.register("ada")
        await browser.sign_on()
        tokens = await tokens_by_code(browser, identity_at, app)
    (shown,) = (await identity_at.http.get("/sessions", headers=bearer(tokens["access_token"]))).json()
    assert (shown["device"], shown["address"]) == ("Firefox on the desk", "127.0.0.1")
