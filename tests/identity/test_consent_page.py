"""/consent: a person allows an application of others to use the account, or does not."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import httpx
import pytest

from identity_service.pages.goals import CONSENT
from tests.identity.authorizing import STATE, Application, answer_of, application, authorize
from tests.identity.browsing import ORIGIN, Browsing, browsing
from tests.identity.third_parties import SCOPES
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from watchword.testing import StandingClock

ALLOW = {"choice": "allow"}
DENY = {"choice": "deny"}
WRITE = "Write, change, delete and export your posts and comments, and act as a moderator if you are one"
ACCOUNT = "See and change your account, and see and end your sessions"
CONSENTS = "SELECT user_id, client_id, scopes FROM identity.consents"
CODES = "SELECT FROM identity.authorization_codes"


async def third_party(identity: Identity, app_id: str = "notes", **fields: Any) -> Application:
    """An application of others, which may ask for SCOPES."""
    values = {
        "name": "Notes",
        "is_first_party": False,
        "scopes": SCOPES,
        "audiences": [IDENTITY_URL, POSTS_URL],
        **fields,
    }
    return await application(identity, app_id, **values)


async def path_of(browser: Browsing, app: Application, **changes: Any) -> str:
    """The path of the page that this authorization request leads to, which must be that of consent."""
    location = (await browser.http.get(app.path(**changes))).headers["Location"]
    assert location.startswith(f"{CONSENT}?"), location
    return str(location)


async def open_page(browser: Browsing, path: str) -> httpx.Response:
    page = await browser.http.get(path)
    assert page.status_code == 200, page.text
    return page


def hidden(page: str) -> dict[str, str]:
    """The fields of the form that a person does not see."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


async def choose(browser: Browsing, path: str, choice: Mapping[str, str], **changes: str) -> httpx.Response:
    """Open the page at this path, and press a button. Its form is sent to the same path."""
    page = (await open_page(browser, path)).text
    assert f'action="{path}"' in unescape(page)
    return await browser.send(path, {**hidden(page), **choice, **changes})


async def answer_to(browser: Browsing, response: httpx.Response, app: Application) -> dict[str, str]:
    """What the application is told in the end."""
    assert response.headers["Location"].startswith("/oauth/authorize?")
    return answer_of(await browser.http.get(response.headers["Location"]), app)


async def test_a_person_allows_an_application_once_and_is_not_asked_again(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    app = await third_party(identity)
    path = await path_of(ada, app)
    assert await databases.fetch("identity_app", CODES) == []
    answer = await answer_to(ada, await choose(ada, path, ALLOW), app)
    assert (set(answer), answer["state"]) == ({"code", "state", "iss"}, STATE)
    assert (await app.exchange(identity, answer["code"])).status_code == 200
    assert "code" in await authorize(ada, app)
    assert "code" in await authorize(ada, app, scope="posts:write", prompt="none")
    (row,) = await databases.fetch("identity_app", CONSENTS)
    assert (row["client_id"], row["scopes"]) == ("notes", SCOPES)
    # The page of another tab leads on without asking again.
    assert "code" in await answer_to(ada, await ada.http.get(path), app)


async def test_the_page_says_who_asks_for_what_of_whose_account_and_where_it_leads(
    ada: Browsing, identity: Identity
) -> None:
    app = await third_party(identity, name="<Notes & more>")
    page = await open_page(ada, await path_of(ada, app))
    text = unescape(page.text)
    assert "<Notes & more> asks for access to your account ada" in text
    assert "<Notes" not in page.text
    assert text.index("Watchword identity") < text.index(ACCOUNT) < text.index("Watchword posts") < text.index(WRITE)
    assert ("you go on to app.example." in text, "You have allowed" in text) == (True, False)
    assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert (page.headers["X-Frame-Options"], page.headers["Cache-Control"]) == ("DENY", "no-store")


@pytest.mark.parametrize("uri", ["http://127.0.0.1/callback", "com.example.app:/callback"])
async def test_an_application_on_the_device_has_no_host(ada: Browsing, identity: Identity, uri: str) -> None:
    await third_party(identity, redirect_uris=[uri], application_type="native")
    page = await open_page(ada, await path_of(ada, Application("notes", uri)))
    assert "back to the application on this device" in page.text
    origin = "com.example.app:" if uri.startswith("com") else "http://127.0.0.1"
    assert f"form-action 'self' {origin};" in page.headers["Content-Security-Policy"]


async def test_a_person_who_does_not_allow_it_is_led_back_and_nothing_is_remembered(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    app = await third_party(identity)
    path = await path_of(ada, app)
    answer = answer_of(await choose(ada, path, DENY), app)
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", STATE, IDENTITY_URL)
    assert [await databases.fetch("identity_app", sql) for sql in (CONSENTS, CODES)] == [[], []]
    assert await path_of(ada, app) == path


async def test_a_request_for_more_asks_again_and_shows_what_is_additional(ada: Browsing, identity: Identity) -> None:
    app = await third_party(identity)
    await choose(ada, await path_of(ada, app, scope="posts:write"), ALLOW)
    path = await path_of(ada, app)
    text = (await open_page(ada, path)).text
    assert (
        text.index("may also") < text.index(ACCOUNT) < text.index("You have allowed this already") < text.index(WRITE)
    )
    answer_of(await choose(ada, path, DENY), app)
    assert "code" in await authorize(ada, app, scope="posts:write")
    await choose(ada, path, ALLOW)
    assert "code" in await authorize(ada, app)


async def test_without_pages_an_application_that_nobody_has_allowed_is_refused(
    ada: Browsing, identity: Identity
) -> None:
    app = await third_party(identity)
    assert (await authorize(ada, app, prompt="none"))["error"] == "consent_required"
    # The page is no way around it.
    answer = await answer_to(ada, await ada.http.get(f"{CONSENT}?{app.query(prompt='none')}"), app)
    assert answer["error"] == "consent_required"


@pytest.mark.parametrize("is_first_party", [True, False])
async def test_an_application_can_have_the_person_asked_again(
    ada: Browsing, identity: Identity, databases: Databases, is_first_party: bool
) -> None:
    app = await third_party(identity, is_first_party=is_first_party)
    for _ in range(2):
        path = await path_of(ada, app, prompt="consent")
        assert "code" in await answer_to(ada, await choose(ada, path, ALLOW), app)
    assert len(await databases.fetch("identity_app", CONSENTS)) == (0 if is_first_party else 1)
    # An application of ours asks for nothing if it does not want that.
    assert "code" in await answer_to(ada, await ada.http.get(f"{CONSENT}?{app.query()}"), app)


async def test_a_person_who_is_not_signed_on_signs_in_first_and_comes_back_to_the_page(identity: Identity) -> None:
    app = await third_party(identity)
    await identity.register("ada")
    async with browsing(identity) as browser:
        path = f"{CONSENT}?{app.query()}"
        for response in (await browser.http.get(path), await browser.send(path, ALLOW)):
            assert response.headers["Location"] == app.path()
        sign_in = (await browser.http.get(app.path())).headers["Location"]
        credentials = {"login": "ada", "password": "correct horse battery"}
        back = (await browser.send(sign_in, credentials)).headers["Location"]
        location = (await browser.http.get(back)).headers["Location"]
        assert "code" in await answer_to(browser, await choose(browser, location, ALLOW), app)


async def test_another_account_can_be_used_and_allows_for_itself_alone(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    app = await third_party(identity)
    eve_id = await identity.register("eve")
    path = await path_of(ada, app)
    page = (await open_page(ada, path)).text
    (other,) = re.findall(r'href="(/oauth/authorize[^"]*)"', page)
    sign_in = (await ada.http.get(unescape(other))).headers["Location"]
    back = await ada.send(sign_in, {"login": "eve", "password": "correct horse battery"})
    location = (await ada.http.get(back.headers["Location"])).headers["Location"]
    # The page that was shown to ada is sent by eve: she sees her own first.
    again = await ada.send(path, {**hidden(page), **ALLOW})
    assert (again.status_code, again.headers["Location"]) == (303, path)
    assert await databases.fetch("identity_app", CONSENTS) == []
    assert "your account eve" in (await open_page(ada, path)).text
    assert "code" in await answer_to(ada, await choose(ada, location, ALLOW), app)
    (row,) = await databases.fetch("identity_app", CONSENTS)
    assert str(row["user_id"]) == eve_id


async def test_what_the_page_did_not_show_is_not_allowed(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    app = await third_party(identity, scopes=["posts:write"])
    path = await path_of(ada, app)
    page = (await open_page(ada, path)).text
    # Without the parameter scope the request is for all that the client may have, which has grown meanwhile.
    await third_party(identity)
    again = await ada.send(path, {**hidden(page), **ALLOW})
    assert (again.status_code, again.headers["Location"]) == (303, path)
    assert await databases.fetch("identity_app", CONSENTS) == []
    assert ACCOUNT in (await open_page(ada, path)).text


async def test_a_form_that_no_page_of_ours_has_sent_allows_nothing(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    path = await path_of(ada, await third_party(identity))
    fields = hidden((await open_page(ada, path)).text)
    foreign: list[Mapping[str, str]] = [
        {},
        {"Origin": "https://app.example"},
        {**ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {**ORIGIN, "Sec-Fetch-Site": "same-site"},
    ]
    for headers in foreign:
        assert (await ada.send(path, {**fields, **ALLOW}, headers=headers)).status_code == 403
    for body in (ALLOW, fields, {**fields, "choice": "perhaps"}, {**fields, **ALLOW, "more": "x"}):
        assert (await ada.send(path, body)).status_code == 400
    assert await databases.fetch("identity_app", CONSENTS) == []


async def test_a_request_that_is_wrong_leads_nowhere_or_back_with_its_error(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    app = await third_party(identity)
    path = await path_of(ada, app)
    page = (await open_page(ada, path)).text
    for query in ("", "client_id=nobody", app.query(redirect_uri="https://evil.example/")):
        for response in (await ada.http.get(f"{CONSENT}?{query}"), await ada.send(f"{CONSENT}?{query}", ALLOW)):
            assert (response.status_code, "Location" in response.headers) == (400, False)
    answer = await answer_to(ada, await ada.http.get(f"{CONSENT}?{app.query(scope='admin')}"), app)
    assert answer["error"] == "invalid_scope"
    await databases.execute("identity_owner", "DELETE FROM identity.clients WHERE id = 'notes'")
    gone = await ada.send(path, {**hidden(page), **ALLOW})
    assert (gone.status_code, "is not known at this site" in gone.text) == (400, True)


async def test_a_code_is_refused_once_the_access_is_taken_back(ada: Browsing, identity: Identity) -> None:
    app = await third_party(identity)
    answer = await answer_to(ada, await choose(ada, await path_of(ada, app), ALLOW), app)
    tokens = (await app.exchange(identity, (await authorize(ada, app))["code"])).json()
    await ada.send("/account/applications", {"client_id": "notes"})
    refused = await app.exchange(identity, answer["code"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert "access_token" in tokens
    assert (await authorize(ada, app, prompt="none"))["error"] == "consent_required"


async def test_another_account_can_be_used_within_a_moment_of_the_sign_in(
    identity_at: Identity, clock: StandingClock
) -> None:
    app = await third_party(identity_at)
    async with browsing(identity_at, "ada") as ada:
        clock.advance(milliseconds=1)
        page = (await open_page(ada, await path_of(ada, app))).text
        (other,) = re.findall(r'href="(/oauth/authorize[^"]*)"', page)
        sign_in = (await ada.http.get(unescape(other))).headers["Location"]
        assert 'name="login"' in await ada.open(sign_in)
