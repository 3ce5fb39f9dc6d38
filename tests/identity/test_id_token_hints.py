"""An application that knows a person by an ID token gets an answer about this person, or none (OpenID Connect Core
section 3.1.2.2)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.identity.authorizing import Application, answer_of, application, authorize, sign_in, tokens_by_code
from tests.identity.browsing import Browsing, browsing
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity
from watchword.testing import Issuer, StandingClock

OPENID: dict[str, Any] = {"scopes": ["openid"], "audiences": [IDENTITY_URL], "default_audience": IDENTITY_URL}
CODES = "SELECT FROM identity.authorization_codes WHERE used_at IS NULL"


@pytest.fixture
async def app(identity_at: Identity) -> Application:
    return await application(identity_at, **OPENID)


@pytest.fixture
async def browser(identity_at: Identity, clock: StandingClock) -> AsyncIterator[Browsing]:
    """The browser of ada, who signed on a moment ago."""
    async with browsing(identity_at, "ada") as browser:
        clock.advance(seconds=10)
        yield browser


@pytest.fixture
async def bobs_token(identity_at: Identity, app: Application, browser: Browsing) -> str:
    """What the application knows bob by, who has signed in in a browser of his own."""
    return await id_token(identity_at, app, "bob")


async def id_token(identity: Identity, app: Application, username: str) -> str:
    async with browsing(identity, username) as browser:
        return str((await tokens_by_code(browser, identity, app))["id_token"])


async def test_person_whom_the_application_knows_needs_no_page(
    identity_at: Identity, app: Application, browser: Browsing, clock: StandingClock
) -> None:
    hint = (await tokens_by_code(browser, identity_at, app))["id_token"]
    clock.advance(days=2)
    await browser.sign_on()
    for changes in ({}, {"prompt": "none"}):
        assert "code" in await authorize(browser, app, id_token_hint=hint, **changes)


async def test_answer_without_a_page_is_about_nobody_else(
    app: Application, browser: Browsing, bobs_token: str, databases: Databases
) -> None:
    answer = await authorize(browser, app, prompt="none", id_token_hint=bobs_token)
    assert answer["error"] == "login_required"
    assert await databases.fetch("identity_app", CODES) == []


async def test_person_whom_the_application_knows_signs_in_in_the_place_of_somebody_else(
    app: Application, browser: Browsing, bobs_token: str
) -> None:
    page = (await browser.http.get(app.path(id_token_hint=bobs_token))).headers["Location"]
    assert ' value="bob"' in await browser.open(page)
    hinted = (await browser.http.get(app.path(id_token_hint=bobs_token, login_hint="eve"))).headers["Location"]
    assert ' value="eve"' in await browser.open(hinted)
    assert "code" in await sign_in(browser, app, "bob", id_token_hint=bobs_token)
    assert "bob" in await browser.open("/account")


async def test_somebody_else_who_signs_in_is_asked_once_and_gets_no_code(
    app: Application, browser: Browsing, bobs_token: str, databases: Databases
) -> None:
    for changes in ({}, {"prompt": "login"}, {"max_age": "0"}, {"prompt": "select_account consent"}):
        answer = await sign_in(browser, app, id_token_hint=bobs_token, **changes)
        assert answer["error"] == "login_required", changes
    await browser.send("/sign-out")
    answer = await sign_in(browser, app, id_token_hint=bobs_token)
    assert answer["error"] == "login_required"
    assert answer.keys() == {"error", "error_description", "state", "iss"}
    assert await databases.fetch("identity_app", CODES) == []


async def test_person_signed_in_meanwhile_in_another_tab_ends_the_wait(
    app: Application, browser: Browsing, bobs_token: str, clock: StandingClock
) -> None:
    page = (await browser.http.get(app.path(id_token_hint=bobs_token))).headers["Location"]
    clock.advance(seconds=10)
    await browser.sign_on("bob")
    back = await browser.http.get(page)
    assert "code" in answer_of(await browser.http.get(back.headers["Location"]), app)
    await browser.sign_on("ada")
    back = await browser.http.get(page)
    assert answer_of(await browser.http.get(back.headers["Location"]), app)["error"] == "login_required"


async def test_account_that_was_deleted_is_nobody_to_answer_about(
    identity_at: Identity, app: Application, browser: Browsing
) -> None:
    async with browsing(identity_at, "eve") as eve:
        hint = (await tokens_by_code(eve, identity_at, app))["id_token"]
        await eve.send("/account/delete", {"confirmation": "eve"})
    assert (await authorize(browser, app, prompt="none", id_token_hint=hint))["error"] == "login_required"
    page = (await browser.http.get(app.path(id_token_hint=hint))).headers["Location"]
    assert " value=" not in await browser.open(page)
    assert (await sign_in(browser, app, id_token_hint=hint))["error"] == "login_required"


async def test_token_that_the_application_cannot_have_got_is_no_hint(
    identity_at: Identity, app: Application, browser: Browsing, issuer: Issuer
) -> None:
    other = await application(identity_at, "other", **OPENID)
    tokens = await tokens_by_code(browser, identity_at, app)
    header, claims, signature = str(tokens["id_token"]).split(".")
    forged = (
        "a.b.c",
        f"{header}.{claims}.{signature[:-8]}AAAAAAAA",
        tokens["access_token"],
        (await tokens_by_code(browser, identity_at, other))["id_token"],
        issuer.mint(claims={"aud": app.id, "sid": "x"}, header={"typ": "JWT"}),
    )
    for hint in forged:
        for changes in ({}, {"prompt": "none"}):
            answer = await authorize(browser, app, id_token_hint=hint, **changes)
            assert answer["error"] == "invalid_request", hint
    assert "code" in await authorize(browser, app, id_token_hint="")
