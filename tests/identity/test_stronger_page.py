"""An application asks by acr_values for a stronger sign-in than the person's: what they are led to, and how it ends."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from tests.identity.authorizing import (
    Application,
    answer_of,
    application,
    authorize,
    code_of,
    sign_in,
    tokens_by_code,
)
from tests.identity.browsing import Browsing, browsing
from tests.identity.passkey_pages import send_passkey
from tests.identity.passkeys import add_passkey
from tests.identity.second_factors import add_app
from tests.support import services
from tests.support.authenticator import Authenticator
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.testing import StandingClock

STRONGER = "/sign-in/stronger"
SIGN_ON = "SELECT id FROM identity.sign_ons"
RAISE = "UPDATE identity.sign_ons SET acr = '{acr}', amr = '{{pwd,mfa}}'"


@pytest.fixture
async def app(identity_at: Identity) -> Application:
    return await application(identity_at)


@pytest.fixture
async def browser(identity_at: Identity, app: Application) -> AsyncIterator[Browsing]:
    """A browser in which ada is signed on with a password."""
    async with browsing(identity_at, "ada") as browser:
        yield browser


async def user_id(databases: Databases) -> str:
    (user,) = await databases.fetch("identity_app", "SELECT id::text FROM identity.users")
    return str(user["id"])


async def with_passkey(identity: Identity, databases: Databases) -> Authenticator:
    """The authenticator with the passkey of the account, whose sign-on is what it was."""
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    holder, _ = await add_passkey(identity, bearer(tokens["access_token"]))
    await databases.execute("identity_app", "UPDATE identity.sign_ons SET ended_at = NULL, end_reason = NULL")
    await raise_to(databases, "mfa")
    return holder


async def raise_to(databases: Databases, acr: str) -> None:
    await databases.execute("identity_app", RAISE.format(acr=acr))


async def detour_of(browser: Browsing, app: Application, **changes: Any) -> str:
    """The page that the request leads to."""
    answer = await browser.http.get(app.path(**changes))
    assert answer.status_code == 303
    return answer.headers["Location"]


def is_stronger(location: str, app: Application, **changes: Any) -> bool:
    """Whether it is the page for a stronger sign-in, which leads to this request."""
    url = httpx.URL(location)
    back = httpx.URL(url.params.get("return", ""))
    return url.path == STRONGER and parse_qs(back.query.decode()) == parse_qs(app.query(**changes))


@pytest.mark.parametrize(
    ("acr", "demand", "is_enough"),
    [
        ("pwd", "pwd", True),
        ("pwd", "mfa", False),
        ("pwd", "phr", False),
        ("mfa", "mfa", True),
        ("mfa", "phr", False),
        ("phr", "mfa", True),
        ("phr", "phr", True),
        # Each value is enough, so that the weakest is the demand.
        ("mfa", "phr mfa", True),
        ("pwd", "mfa phr", False),
        ("pwd", "phr pwd", True),
        # What no token has is no demand, alone or beside others.
        ("pwd", "urn:example:gold", True),
        ("pwd", "urn:example:gold mfa", False),
        ("pwd", "MFA", True),
    ],
)
async def test_known_values_of_acr_values_are_a_demand_for_the_weakest_of_them(
    browser: Browsing, app: Application, databases: Databases, acr: str, demand: str, is_enough: bool
) -> None:
    await raise_to(databases, acr)
    location = await detour_of(browser, app, acr_values=demand)
    assert is_stronger(location, app, acr_values=demand) != is_enough
    answer = await authorize(browser, app, acr_values=demand, prompt="none")
    assert ("code" in answer, answer.get("error")) == ((True, None) if is_enough else (False, "login_required"))


async def test_page_names_what_is_missing_and_leads_to_adding_it_and_back(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    for acr, words, path in (("mfa", "Add a second factor", ""), ("phr", "Add a passkey", "/passkeys")):
        location = await detour_of(browser, app, acr_values=acr)
        page = await browser.open(location)
        assert words in page
        assert "The application asks you" in page
        assert f'href="/account/security{path}?return=/oauth/authorize%3F' in page
    # What was added raises the sign-on, and the request goes on.
    await raise_to(databases, "mfa")
    location = await detour_of(browser, app, acr_values="mfa")
    answer = answer_of(await browser.http.get(app.path(acr_values="mfa")), app)
    assert (await app.exchange(identity_at, answer["code"])).status_code == 200
    assert location.startswith(app.redirect_uri)


async def test_page_that_is_opened_without_need_goes_on_to_the_request(
    browser: Browsing, app: Application, databases: Databases
) -> None:
    location = await detour_of(browser, app, acr_values="mfa")
    back = httpx.URL(location).params["return"]
    await raise_to(databases, "mfa")
    assert (await browser.http.get(location)).headers["Location"] == back
    none = (await detour_of(browser, app, acr_values="phr")).replace(
        "acr_values%3Dphr", "acr_values%3Dphr%26prompt%3Dnone"
    )
    assert answer_of(await browser.http.get((await browser.http.get(none)).headers["Location"]), app)["error"] == (
        "login_required"
    )
    await browser.send("/sign-out")
    assert (await browser.http.get(location)).headers["Location"] == back
    assert (await browser.http.get(STRONGER)).headers["Location"] == "/account"
    unknown = "/oauth/authorize?client_id=nobody"
    assert (await browser.http.get(STRONGER, params={"return": unknown})).status_code == 400


async def test_person_who_declines_leads_the_application_to_an_error(browser: Browsing, app: Application) -> None:
    location = await detour_of(browser, app, acr_values="mfa")
    answer = answer_of(await browser.send(location), app)
    assert answer["error"] == "unmet_authentication_requirements"
    assert answer.keys() == {"error", "error_description", "state", "iss"}
    foreign = await browser.send(location, headers={"Origin": "https://app.example"})
    assert foreign.status_code == 403
    assert (await browser.send(STRONGER)).headers["Location"] == "/account"


async def test_form_may_lead_back_to_the_application_alone(browser: Browsing, app: Application) -> None:
    page = await browser.http.get(await detour_of(browser, app, acr_values="mfa"))
    assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]
    assert "script-src" not in page.headers["Content-Security-Policy"]


async def test_recency_is_asked_before_strength(
    browser: Browsing, app: Application, databases: Databases, clock: StandingClock
) -> None:
    clock.advance(seconds=400)
    assert (await detour_of(browser, app, acr_values="phr", max_age=300)).startswith("/sign-in?")
    page = await detour_of(browser, app, acr_values="mfa", max_age=300)
    answer = await browser.send(page, {"login": "ada", "password": services.PASSWORD})
    request = answer.headers["Location"]
    stronger = (await browser.http.get(request)).headers["Location"]
    assert httpx.URL(stronger).path == STRONGER
    # Adding the factor takes its time, and the sign-in counts from when it began.
    clock.advance(seconds=500)
    await raise_to(databases, "mfa")
    assert "code" in answer_of(await browser.http.get((await browser.http.get(stronger)).headers["Location"]), app)


async def test_passkey_of_the_account_is_asked_for_and_raises_the_same_sign_on(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases, clock: StandingClock
) -> None:
    holder = await with_passkey(identity_at, databases)
    clock.advance(seconds=30)
    page = await browser.open(location := await detour_of(browser, app, acr_values="phr"))
    assert is_stronger(location, app, acr_values="phr")
    assert "None of your passkeys is here?" in page
    assert 'href="/account/security/passkeys?return=/oauth/authorize%3F' in page
    sign_ons = await databases.fetch("identity_app", SIGN_ON)
    answer = await send_passkey(browser, holder, location)
    assert httpx.URL(answer.headers["Location"]).path == "/oauth/authorize"
    assert "code" in answer_of(await browser.http.get(answer.headers["Location"]), app)
    (sign_on,) = await databases.fetch("identity_app", "SELECT id, acr, authenticated_at FROM identity.sign_ons")
    assert [sign_on["id"]] == [row["id"] for row in sign_ons]
    assert (sign_on["acr"], sign_on["authenticated_at"]) == ("phr", clock.now())
    # So it is a recent one, too.
    assert "code" in await authorize(browser, app, acr_values="phr", max_age=1)


async def test_page_that_asks_for_a_passkey_runs_our_script_alone(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    await with_passkey(identity_at, databases)
    policy = (await browser.http.get(await detour_of(browser, app, acr_values="phr"))).headers[
        "Content-Security-Policy"
    ]
    assert "script-src 'self';" in policy
    assert "form-action 'self' https://app.example;" in policy


async def test_account_that_has_a_second_factor_signs_in_with_it(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases, clock: StandingClock
) -> None:
    """As whoever signed in at a process of the release before, which asks for no second factor."""
    await add_app(identity_at, await user_id(databases))
    clock.advance(seconds=60)
    sign_in_page = (await browser.http.get(await detour_of(browser, app, acr_values="mfa"))).headers["Location"]
    assert sign_in_page.startswith("/sign-in?")
    # That page asks, whoever is signed on, so that the way has an end.
    assert "Sign in to go on to The application" in await browser.open(sign_in_page)


async def test_no_page_leads_to_another_without_end(browser: Browsing, app: Application, databases: Databases) -> None:
    """Whatever the sign-on is and the request asks, redirects end at a page or at the application."""
    for level in ("pwd", "mfa", "phr"):
        await raise_to(databases, level)
        for acr in ("pwd", "mfa", "phr", "phr mfa", "gold"):
            for further in ({}, {"max_age": 0}, {"prompt": "login"}, {"prompt": "none"}, {"prompt": "consent"}):
                location, steps = app.path(acr_values=acr, **further), 0
                while location.startswith("/"):
                    answer = await browser.http.get(location)
                    if answer.status_code == 200:
                        break
                    location, steps = answer.headers["Location"], steps + 1
                    assert steps < 4, (level, acr, further)


async def test_place_without_passkeys_says_so_and_leads_back(clean_databases: Databases) -> None:
    address = "http://127.0.0.1:8001"
    async with services.identity(clean_databases, issuer=address) as identity:
        app = await application(identity)
        await identity.register("ada")
        async with browsing(identity) as browser:
            browser.http.base_url = httpx.URL(address)
            await browser.send("/sign-in", {"login": "ada", "password": services.PASSWORD}, headers={"Origin": address})
            page = await browser.open(await detour_of(browser, app, acr_values="phr"))
            assert "cannot use passkeys at the address of this site" in page
            assert "Add a passkey" not in page


async def test_metadata_and_tokens_agree_on_the_levels(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    metadata = (await identity_at.http.get("/.well-known/openid-configuration")).json()
    for level in metadata["acr_values_supported"]:
        await raise_to(databases, level)
        await tokens_by_code(browser, identity_at, app, acr_values=level)
        (session, *_) = await databases.fetch("identity_app", "SELECT acr FROM identity.sessions ORDER BY id DESC")
        assert session["acr"] == level


async def test_consent_is_asked_after_the_stronger_sign_in(
    identity_at: Identity, browser: Browsing, databases: Databases
) -> None:
    other = await application(identity_at, "other", is_first_party=False)
    assert is_stronger(await detour_of(browser, other, acr_values="mfa"), other, acr_values="mfa")
    await raise_to(databases, "mfa")
    assert (await detour_of(browser, other, acr_values="mfa")).startswith("/consent?")


async def test_person_who_is_not_signed_on_signs_in_first(identity_at: Identity, app: Application) -> None:
    await identity_at.register("bob")
    async with browsing(identity_at) as browser:
        assert (await detour_of(browser, app, acr_values="mfa")).startswith("/sign-in?")
        assert "code" in await sign_in(browser, app, "bob", acr_values="pwd")
        assert await code_of(browser, app, acr_values="pwd mfa")
