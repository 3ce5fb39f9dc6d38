"""A page asks for a sign-in that is recent or strong: what goes to the issuer, and what its answer must be."""

from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import urlsplit

import pytest

from tests.shared.signing_in import SESSION, Browser, browser_at, parameters, settings_of
from watchword.pages.values import PageSession
from watchword.testing import StandingClock
from watchword.testing.issuer import ABSENT

STEP_UP = {"max_age": "300", "acr_values": "mfa urn:example:phr"}


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def browser(clock: StandingClock) -> AsyncIterator[Browser]:
    async with browser_at(clock=clock) as browser:
        yield browser


def link_to_begin_again(page: str) -> str:
    return unescape(page.partition('href="')[2].partition('"')[0])


@pytest.mark.parametrize(
    "demands",
    [
        {},
        STEP_UP,
        {"max_age": "0"},
        {"max_age": "315360000"},
        {"acr_values": "phr"},
        {"acr_values": "a" * 200},
        {"prompt": "create"},
    ],
    ids=["none", "both", "at once", "the most seconds", "acr alone", "the longest acr", "an account first"],
)
async def test_what_the_page_asks_for_goes_to_the_issuer_as_it_is(browser: Browser, demands: dict[str, str]) -> None:
    request = parameters(await browser.start(**demands))
    assert {name: request[name] for name in ("max_age", "acr_values", "prompt") if name in request} == demands


@pytest.mark.parametrize(
    "demand",
    [
        *({"max_age": text} for text in ("", "-1", "+1", "1.5", "1e3", " 1", "٣", "0x10", "315360001", "9" * 400)),
        *(
            {"acr_values": text}
            for text in ("", " mfa", "mfa  phr", 'a"b', "a\\b", "a\r\nb", "mfa\x00", "ä", "a" * 201)
        ),
        *({"prompt": text} for text in ("", "none", "login", "CREATE", "create login", "create ")),
    ],
    ids=str,
)
async def test_a_demand_that_no_issuer_could_meet_is_refused(browser: Browser, demand: dict[str, str]) -> None:
    answer = await browser.http.get("/auth/start", params={"return": "/notes", **demand})
    assert (answer.status_code, "The link that brought you here is faulty" in answer.text) == (400, True)
    assert not answer.headers.keys() & {"location", "set-cookie"}
    assert link_to_begin_again(answer.text) == "/auth/start?return=/"


@pytest.mark.parametrize("name", ["return", "max_age", "acr_values", "prompt"])
async def test_a_demand_that_is_there_twice_is_refused(browser: Browser, name: str) -> None:
    answer = await browser.http.get(f"/auth/start?return=/notes&max_age=1&acr_values=mfa&prompt=create&{name}=/notes")
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert (await browser.http.get("/auth/start?return=/notes&page=1&page=2")).status_code == 303


async def test_a_demand_adds_no_parameter_and_changes_none(browser: Browser) -> None:
    plain = parameters(await browser.start())
    demanding = parameters(await browser.start(acr_values="mfa&nonce=known&scope=admin"))
    assert demanding.keys() == {*plain, "acr_values"}
    random = {"state", "nonce", "code_challenge"}
    assert all(len(value) == 43 if name in random else demanding[name] == value for name, value in plain.items())


@pytest.mark.parametrize(("authenticated", "status"), [(-306, 400), (-304, 303), (0, 303), (603, 303), (606, 400)])
async def test_a_sign_in_that_is_older_than_the_page_allows_is_refused(
    browser: Browser, clock: StandingClock, authenticated: int, status: int
) -> None:
    began = int(clock.now().timestamp())
    url = await browser.start(**STEP_UP)
    # Consent, say, may take its time: what counts is when the person was authenticated.
    clock.advance(seconds=599)
    answer = await browser.http.get(browser.issuer.authorize(url, auth_time=began + authenticated))
    assert (answer.status_code, bool(browser.cookie(SESSION))) == (status, status == 303)
    # No session is left at the issuer that no browser has.
    assert len(browser.issuer.revoked) == (0 if status == 303 else 1)


async def test_the_refusal_of_an_old_sign_in_leads_to_one_with_the_same_demand(
    browser: Browser, clock: StandingClock
) -> None:
    url = await browser.start("/notes?a=1&b=2", **STEP_UP)
    answer = await browser.http.get(browser.issuer.authorize(url, auth_time=clock.now().timestamp() - 400))
    assert "You signed in too long ago" in answer.text
    link = link_to_begin_again(answer.text)
    assert parameters(link) == {"return": "/notes?a=1&b=2", **STEP_UP}
    again = await browser.http.get(link)
    assert parameters(again.headers["location"]).items() >= STEP_UP.items()
    callback = await browser.http.get(browser.issuer.authorize(again.headers["location"]))
    assert (callback.status_code, urlsplit(callback.headers["location"]).query) == (303, "a=1&b=2")


async def test_whoever_comes_back_without_being_signed_in_is_not_led_to_making_an_account_again(
    browser: Browser,
) -> None:
    url = await browser.start(prompt="create", acr_values="mfa")
    refusal = {"error": "access_denied", "state": parameters(url)["state"], "iss": browser.issuer.issuer.url}
    answer = await browser.http.get("/auth/callback", params=refusal)
    assert parameters(link_to_begin_again(answer.text)) == {"return": "/notes", "acr_values": "mfa"}


async def test_who_is_not_the_person_of_the_session_is_not_led_to_the_same_demand_again(browser: Browser) -> None:
    await browser.sign_in()
    url = await browser.start("/notes?a=1", **STEP_UP)
    refusal = {"error": "login_required", "state": parameters(url)["state"], "iss": browser.issuer.issuer.url}
    link = link_to_begin_again((await browser.http.get("/auth/callback", params=refusal)).text)
    assert parameters(link) == {"return": "/notes?a=1"}
    again = parameters((await browser.http.get(link)).headers["location"])
    assert again.keys().isdisjoint({"id_token_hint", "max_age", "acr_values"})


@pytest.mark.parametrize("flaw", [ABSENT, "1", True, None])
async def test_an_issuer_that_does_not_say_when_the_person_signed_in_is_not_believed(
    browser: Browser, flaw: object
) -> None:
    answer = await browser.sign_in(id_token={"auth_time": flaw})
    assert answer.status_code == 303
    browser.http.cookies.clear()
    url = await browser.start(max_age="300")
    answer = await browser.http.get(browser.issuer.authorize(url, id_token={"auth_time": flaw}))
    assert (answer.status_code, browser.cookie(SESSION)) == (400, None)


async def test_an_issuer_may_pass_over_the_means_that_a_page_asks_for(browser: Browser) -> None:
    url = await browser.start(acr_values="phr")
    answer = await browser.http.get(browser.issuer.authorize(url, id_token={"acr": "pwd"}))
    assert answer.status_code == 303


def id_token_in(browser: Browser) -> str:
    """The ID token of the session that the browser keeps."""
    content = settings_of().sealer().open(SESSION, browser.cookie(SESSION) or "")
    assert content is not None
    return PageSession.read(content).id_token


@pytest.mark.parametrize(
    "demands", [{"max_age": "300"}, {"acr_values": "phr"}, STEP_UP], ids=["recent", "strong", "both"]
)
async def test_the_issuer_learns_which_session_is_to_go_on(browser: Browser, demands: dict[str, str]) -> None:
    assert "id_token_hint" not in parameters(await browser.start(**demands))
    await browser.sign_in()
    assert parameters(await browser.start(**demands))["id_token_hint"] == id_token_in(browser)
    # A refresh brings another one.
    await browser.token()
    assert parameters(await browser.start(**demands))["id_token_hint"] == id_token_in(browser)


async def test_a_sign_in_without_a_demand_or_after_making_an_account_names_no_session(browser: Browser) -> None:
    await browser.sign_in()
    for demands in ({}, {"prompt": "create"}, {"prompt": "create", **STEP_UP}):
        assert "id_token_hint" not in parameters(await browser.start(**demands))


async def test_of_two_cookies_of_a_session_neither_is_named(browser: Browser) -> None:
    await browser.sign_in()
    cookies = f"{SESSION}={browser.cookie(SESSION)}; {SESSION}=of-somebody-else"
    browser.http.cookies.clear()
    answer = await browser.http.get("/auth/start", params=STEP_UP, headers={"Cookie": cookies})
    assert (answer.status_code, "id_token_hint" in parameters(answer.headers["location"])) == (303, False)


async def test_a_person_who_declines_the_stronger_sign_in_stays_signed_in_and_can_go_back(browser: Browser) -> None:
    await browser.sign_in()
    session = browser.cookie(SESSION)
    state = parameters(await browser.start(**STEP_UP))["state"]
    refusal = {"error": "unmet_authentication_requirements", "state": state, "iss": browser.issuer.issuer.url}
    answer = await browser.http.get("/auth/callback", params=refusal)
    assert (answer.status_code, "You are still signed in" in answer.text) == (403, True)
    assert "You are not signed in" not in answer.text
    assert parameters(link_to_begin_again(answer.text)) == {"return": "/notes", **STEP_UP}
    assert browser.cookie(SESSION) == session
