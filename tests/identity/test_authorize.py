"""The authorization endpoint: the way of a person through sign-in, and the answers that lead to the application."""

import re
from html import unescape
from uuid import UUID

import httpx

from identity_service.administration import AccountDraft, Administration
from identity_service.authentication.password import PasswordCredentials
from identity_service.devices import Device
from tests.identity.authorizing import (
    AUTHORIZE,
    STATE,
    Application,
    answer_of,
    application,
    authorize,
    code_of,
    sign_in,
    tokens_by_code,
)
from tests.identity.browsing import Browsing
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity
from watchword.testing import StandingClock

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://app.example"}
CODES = "SELECT * FROM identity.authorization_codes"


async def allow(identity: Identity, app: Application, *scopes: str) -> UUID:
    """Let ada allow the application these scopes. Returns her id."""
    parts = identity.parts
    issued = await parts.authentication.password_sign_on.start(
        PasswordCredentials("ada", PASSWORD), Device(None, None), ""
    )
    sign_on, client = await parts.sign_ons.find(issued.secret), await parts.clients.find(app.id)
    assert sign_on is not None
    assert client is not None
    await parts.consents.give(sign_on, client, scopes)
    return sign_on.user_id


async def test_person_signs_in_once_and_gets_back_to_the_application(browser: Browsing, app: Application) -> None:
    answer = await sign_in(browser, app)
    assert answer.keys() == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == (STATE, IDENTITY_URL)
    again = await authorize(browser, app, state=None)
    assert again.keys() == {"code", "iss"}
    assert again["code"] != answer["code"]


async def test_answer_is_in_no_cache_and_in_no_referer(browser: Browsing, app: Application) -> None:
    await browser.sign_on()
    response = await browser.http.get(app.path())
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.content == b""
    refusal = await browser.http.get(app.path(prompt="none", scope="unknown"))
    assert answer_of(refusal, app)["error"] == "invalid_scope"
    assert refusal.headers["Referrer-Policy"] == "no-referrer"


async def test_sign_in_page_names_the_application_and_may_lead_to_it(browser: Browsing, app: Application) -> None:
    path = (await browser.http.get(app.path(login_hint='bob"<'))).headers["Location"]
    page = await browser.http.get(path)
    assert "go on to The application" in page.text
    assert 'value="bob&#34;&lt;"' in page.text
    assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    refused = await browser.send(path, {"login": "ada", "password": "a wrong password"})
    assert refused.status_code == 422
    assert "go on to The application" in refused.text
    assert "https://app.example" in refused.headers["Content-Security-Policy"]


async def test_application_that_wants_no_page_is_told_why_there_would_be_one(
    identity_at: Identity, browser: Browsing, app: Application, clock: StandingClock
) -> None:
    assert (await authorize(browser, app, prompt="none"))["error"] == "login_required"
    await browser.sign_on()
    assert "code" in await authorize(browser, app, prompt="none")
    clock.advance(seconds=61)
    assert (await authorize(browser, app, prompt="none", max_age="60"))["error"] == "login_required"
    await Administration(identity_at.parts).create_administrator(
        AccountDraft("grace", "grace@example.com", PASSWORD, must_change=True)
    )
    await browser.sign_on("grace")
    answer = await authorize(browser, app, prompt="none")
    assert answer.keys() == {"error", "error_description", "state", "iss"}
    assert answer["error"] == "interaction_required"


async def test_person_who_was_authenticated_too_long_ago_signs_in_again_and_once(
    browser: Browsing, app: Application, clock: StandingClock
) -> None:
    await browser.sign_on()
    for changes in ({"prompt": "login"}, {"prompt": "select_account"}, {"max_age": "0"}, {"max_age": "5"}):
        clock.advance(seconds=10)
        page = (await browser.http.get(app.path(**changes))).headers["Location"]
        assert 'value="ada"' in await browser.open(page)
        assert "code" in await sign_in(browser, app, **changes)


async def test_somebody_else_may_sign_in(identity_at: Identity, browser: Browsing, app: Application) -> None:
    await identity_at.register("bob")
    await browser.sign_on()
    identity_at.parts.clock.advance(seconds=10)  # type: ignore[attr-defined]
    await sign_in(browser, app, "bob", prompt="login")
    assert "bob" in await browser.open("/account")


async def test_initial_password_is_changed_on_the_way(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    draft = AccountDraft("grace", "grace@example.com", PASSWORD, must_change=True)
    await Administration(identity_at.parts).create_administrator(draft)
    await browser.sign_on("grace")
    path = (await browser.http.get(app.path())).headers["Location"]
    page = await browser.http.get(path)
    assert f'action="{path}"' in page.text
    assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]
    assert await databases.fetch("identity_app", CODES) == []
    change = {"current_password": PASSWORD, "new_password": "staple trombone violin"}
    assert (await browser.send(path, {**change, "new_password": PASSWORD})).status_code == 422
    changed = await browser.send(path, change)
    assert "code" in answer_of(await browser.http.get(changed.headers["Location"]), app)


async def test_initial_password_is_changed_on_the_way_long_after_the_sign_in(
    identity_at: Identity, browser: Browsing, app: Application, clock: StandingClock
) -> None:
    draft = AccountDraft("grace", "grace@example.com", PASSWORD, must_change=True)
    await Administration(identity_at.parts).create_administrator(draft)
    await browser.sign_on("grace")
    clock.advance(minutes=11)
    page = (await browser.http.get(app.path())).headers["Location"]
    assert page.startswith("/sign-in?")
    back = (await browser.send(page, {"login": "grace", "password": PASSWORD})).headers["Location"]
    path = (await browser.http.get(back)).headers["Location"]
    change = {"current_password": PASSWORD, "new_password": "staple trombone violin"}
    changed = await browser.send(path, change)
    assert "code" in answer_of(await browser.http.get(changed.headers["Location"]), app)


async def test_person_without_an_account_makes_one_on_the_way(browser: Browsing, app: Application) -> None:
    path = (await browser.http.get(app.path())).headers["Location"]
    link = re.search(r'href="(/sign-up[^"]*)"', await browser.open(path))
    assert link is not None
    assert f'action="{link[1]}"' in await browser.open(unescape(link[1]))
    draft = {"username": "bob", "email": "bob@example.com", "password": PASSWORD}
    made = await browser.send(unescape(link[1]), draft)
    sign_in_page = httpx.URL(made.headers["Location"])
    goal = httpx.URL(sign_in_page.params["return"])
    assert (made.status_code, sign_in_page.path, goal.path) == (303, "/sign-in", AUTHORIZE)
    assert goal.params == httpx.URL(app.path(login_hint="bob")).params
    for elsewhere in ("//evil.example", "/oauth/authorize@evil.example", "/oauth/authorize", "/oauth/token?x=1"):
        page = await browser.http.get("/sign-up", params={"return": elsewhere})
        assert 'action="/sign-up"' in page.text


async def test_post_is_led_to_get_whoever_sends_it(browser: Browsing, app: Application, databases: Databases) -> None:
    await browser.sign_on()
    answer = await browser.http.post(AUTHORIZE, content=app.query(unknown="x"), headers=FORM)
    assert (answer.status_code, answer.content) == (303, b"")
    location = answer.headers["Location"]
    assert location.startswith(f"{AUTHORIZE}?")
    assert "unknown" not in location
    assert httpx.QueryParams(location.partition("?")[2]) == httpx.QueryParams(app.query())
    assert await databases.fetch("identity_app", CODES) == []
    assert "code" in answer_of(await browser.http.get(location), app)


async def test_malformed_post_is_answered_with_a_page(browser: Browsing, app: Application) -> None:
    for content, status in (("a" * 20_000, 413), (app.query(state="s" * 7_000), 400), (b"state=\xff", 400)):
        answer = await browser.http.post(AUTHORIZE, content=content, headers=FORM)
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/html")
    answer = await browser.http.post(AUTHORIZE, json={"client_id": "app"})
    assert answer.status_code == 400


async def test_person_is_shown_what_nobody_may_be_answered(browser: Browsing, app: Application) -> None:
    await browser.sign_on()
    for changes, text in (
        ({"redirect_uri": "https://evil.example"}, "did not register the address"),
        ({"client_id": "nobody"}, "not known"),
        ({"client_id": None}, "could not be read"),
    ):
        page = await browser.http.get(app.path(**changes))
        assert (page.status_code, "Location" in page.headers) == (400, False)
        assert text in page.text
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "evil" not in page.text


async def test_form_post_is_a_page_that_sends_the_answer_itself(browser: Browsing, app: Application) -> None:
    await browser.sign_on()
    page = await browser.http.get(app.path(response_mode="form_post", state='"><script>'))
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "form-action 'self' https://app.example;" in policy
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    assert fields.keys() == {"code", "state", "iss"}
    assert unescape(fields["state"]) == '"><script>'
    assert f'action="{app.redirect_uri}"' in page.text
    assert "<button" in page.text
    script = re.search(r'<script src="(/assets/[^"]+)">', page.text)
    assert script is not None
    assert (await browser.http.get(script[1])).headers["Content-Type"].startswith("text/javascript")
    assert "access_denied" not in page.text
    refusal = await browser.http.get(app.path(response_mode="form_post", scope="unknown"))
    assert 'name="error" value="invalid_scope"' in refusal.text


async def test_answer_goes_into_the_query_that_the_redirect_uri_has(identity_at: Identity, browser: Browsing) -> None:
    uri = "https://app.example/callback?tenant=1"
    app = await application(identity_at, redirect_uris=[uri])
    await browser.sign_on()
    location = (await browser.http.get(app.path(redirect_uri=uri))).headers["Location"]
    assert location.startswith(f"{uri}&code=")


async def test_third_party_application_gets_what_the_person_has_allowed_and_nothing_unasked(
    identity_at: Identity, browser: Browsing, databases: Databases
) -> None:
    app = await application(identity_at, "stranger", is_first_party=False)
    await browser.sign_on()
    page = (await browser.http.get(app.path(nonce="n"))).headers["Location"]
    assert page.startswith("/consent?")
    assert httpx.URL(page).params == httpx.QueryParams(app.query(nonce="n"))
    assert (await authorize(browser, app, prompt="none"))["error"] == "consent_required"
    assert await databases.fetch("identity_app", CODES) == []
    await allow(identity_at, app, "posts:write")
    assert "code" in await authorize(browser, app, prompt="none")
    assert (await browser.http.get(app.path(prompt="consent"))).headers["Location"].startswith("/consent?")


async def test_consent_that_is_taken_back_is_obeyed_by_a_code_on_its_way(
    identity_at: Identity, browser: Browsing
) -> None:
    app = await application(identity_at, "stranger", is_first_party=False)
    await browser.sign_on()
    user_id = await allow(identity_at, app, "posts:write")
    code = await code_of(browser, app)
    await identity_at.parts.consents.withdraw(user_id, app.id)
    assert (await app.exchange(identity_at, code)).json()["error"] == "invalid_grant"


async def test_third_party_application_gets_a_refresh_token_for_offline_access_only(
    identity_at: Identity, browser: Browsing
) -> None:
    scopes = ["posts:write", "offline_access"]
    app = await application(identity_at, "stranger", is_first_party=False, scopes=scopes)
    await browser.sign_on()
    await allow(identity_at, app, *scopes)
    assert "refresh_token" not in await tokens_by_code(browser, identity_at, app, scope="posts:write")
    tokens = await tokens_by_code(browser, identity_at, app, scope="posts:write offline_access")
    assert (await identity_at.refresh(tokens["refresh_token"], client_id=app.id)).status_code == 200


async def test_page_of_another_origin_cannot_read_an_answer(browser: Browsing, app: Application) -> None:
    await browser.sign_on()
    answer = await browser.http.get(app.path(), headers={"Origin": "http://localhost:8002"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
