"""`prompt=create` (Initiating User Registration via OpenID Connect 1.0): an application leads a person to the page that
makes an account, and the person comes back signed in."""

import re
from html import unescape

from tests.identity.authorizing import Application, answer_of
from tests.identity.browsing import Browsing
from tests.support.services import PASSWORD
from watchword.testing import StandingClock

BOB = {"username": "bob", "email": "bob@example.com", "password": PASSWORD}


async def sign_up_path(browser: Browsing, app: Application, **changes: str) -> str:
    """Where the request with `prompt=create` leads."""
    answer = await browser.http.get(app.path(prompt="create", **changes))
    assert (answer.status_code, answer.headers["Location"][:9]) == (303, "/sign-up?"), answer.text
    return answer.headers["Location"]


async def make_account(browser: Browsing, path: str) -> str:
    """Send the form of bob's account, and return where that leads."""
    made = await browser.send(path, BOB)
    assert made.status_code == 303, made.text
    return made.headers["Location"]


async def sign_in(browser: Browsing, path: str, username: str) -> dict[str, str]:
    """Sign in at this page, and return the parameters of the answer to the application."""
    signed_in = await browser.send(path, {"login": username, "password": PASSWORD})
    assert signed_in.status_code == 303, signed_in.text
    return dict(await answer(browser, signed_in.headers["Location"]))


async def answer(browser: Browsing, path: str) -> dict[str, str]:
    return answer_of(await browser.http.get(path), Application())


def link_to_sign_in(page: str) -> str:
    link = re.search(r'href="(/sign-in[^"]*)"', page)
    assert link is not None
    return unescape(link[1])


async def test_a_person_makes_an_account_first_and_comes_back_to_the_application(
    browser: Browsing, app: Application
) -> None:
    sign_in_path = await make_account(browser, await sign_up_path(browser, app))
    page = await browser.open(sign_in_path)
    assert "go on to The application" in page
    assert 'value="bob"' in page
    assert "code" in await sign_in(browser, sign_in_path, "bob")
    assert "bob" in await browser.open("/account")


async def test_a_person_with_an_account_signs_in_by_the_link_of_the_page(browser: Browsing, app: Application) -> None:
    page = await browser.open(await sign_up_path(browser, app))
    assert "code" in await sign_in(browser, link_to_sign_in(page), "ada")


async def test_the_page_without_an_application_leads_to_signing_in_too(browser: Browsing) -> None:
    assert link_to_sign_in(await browser.open("/sign-up")) == "/sign-in"


async def test_a_person_who_is_signed_on_makes_another_account_and_signs_in_with_it(
    browser: Browsing, app: Application, clock: StandingClock
) -> None:
    await browser.sign_on()
    clock.advance(seconds=10)
    sign_in_path = await make_account(browser, await sign_up_path(browser, app))
    # The answer would be about ada, who was signed on before.
    assert 'value="bob"' in await browser.open(sign_in_path)
    assert "code" in await sign_in(browser, sign_in_path, "bob")
    assert "bob" in await browser.open("/account")


async def test_a_person_who_has_signed_in_elsewhere_meanwhile_may_be_led_to_the_application_by_the_form(
    browser: Browsing, app: Application, clock: StandingClock
) -> None:
    path = await sign_up_path(browser, app)
    page = await browser.http.get(path)
    assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]
    refused = await browser.send(path, {**BOB, "username": ""})
    assert refused.status_code == 422
    assert "form-action 'self' https://app.example;" in refused.headers["Content-Security-Policy"]
    clock.advance(seconds=10)
    await browser.sign_on()
    after = await browser.http.get(await make_account(browser, path))
    assert "code" in await answer(browser, after.headers["Location"])


async def test_what_else_the_application_asks_for_is_asked_for_afterwards(browser: Browsing, app: Application) -> None:
    request = await browser.http.get(app.path(prompt="create login select_account consent", max_age="0"))
    sign_in_path = await make_account(browser, request.headers["Location"])
    signed_in = await browser.send(sign_in_path, {"login": "bob", "password": PASSWORD})
    consent = await browser.http.get(signed_in.headers["Location"])
    assert consent.headers["Location"].startswith("/consent?")


async def test_a_request_without_room_for_the_username_goes_on_without_it(browser: Browsing, app: Application) -> None:
    room = 6_000 - len(app.query(prompt="create", state=""))
    sign_in_path = await make_account(browser, await sign_up_path(browser, app, state="s" * room))
    assert 'value="bob"' not in await browser.open(sign_in_path)
    assert "code" in await sign_in(browser, sign_in_path, "bob")
