"""Adding, replacing and removing an authenticator app on pages, and renewing recovery codes there."""

import re
from datetime import datetime
from html import unescape
from uuid import UUID

import pytest

from identity_service.factors.codes import ENROLMENT_LIFETIME
from identity_service.pages.qr_codes import qr_code
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.roles.values import RoleContent
from tests.identity.authorizing import Application, answer_of
from tests.identity.browsing import Browsing, leads_to_sign_in
from tests.identity.second_factors import add_app
from tests.identity.security_pages import (
    APP,
    CODE,
    RECOVERY_CODES,
    SECURITY,
    app_with,
    begin,
    codes_on,
    secret_on,
    uri_on,
    version_on,
)
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

pytestmark = pytest.mark.usefixtures("seeded_roles")

DIGESTS = "SELECT digest FROM identity.recovery_codes ORDER BY digest"
USER = "SELECT id, has_second_factor FROM identity.users"
SECRETS = "SELECT sealed_secret FROM identity.totp_factors"
ENROLMENTS = "SELECT sealed_secret FROM identity.totp_enrolments"
LAST = "whoever learns your password can sign in"


@pytest.fixture
async def ada(browser: Browsing) -> Browsing:
    """The browser of Ada, who has signed on a moment ago."""
    await browser.sign_on()
    return browser


async def added(browser: Browsing, now: datetime) -> list[str]:
    """Add an app on the pages, which is the first factor. Returns the recovery codes."""
    app = app_with(secret_on(await begin(browser)))
    answer = await browser.send(CODE, {"first_code": app.code(now)})
    assert answer.status_code == 200, answer.text
    return codes_on(answer.text)


async def rows(databases: Databases, statement: str) -> list[bytes]:
    return [bytes(row[0]) for row in await databases.fetch("identity_owner", statement)]


async def has_factor(databases: Databases) -> bool:
    (row,) = await databases.fetch("identity_owner", USER)
    return bool(row["has_second_factor"])


async def test_the_secret_of_an_app_is_shown_as_picture_link_and_text_until_a_code_confirms_it(
    ada: Browsing, clock: StandingClock, databases: Databases
) -> None:
    page = await begin(ada)
    uri = uri_on(page)
    assert uri == f"otpauth://totp/localhost%3A8001:ada?secret={secret_on(page)}&issuer=localhost%3A8001"
    assert str(qr_code(uri)) in page
    again = await ada.open(CODE)
    assert uri_on(again) == uri
    app = app_with(secret_on(page))
    wrong = await ada.send(CODE, {"first_code": app.code(clock.now(), steps=5)})
    assert (wrong.status_code, uri_on(wrong.text)) == (422, uri)
    assert "This is not the code that the app shows now." in wrong.text
    assert 'aria-invalid="true"' in wrong.text
    assert not await has_factor(databases)
    right = await ada.send(CODE, {"first_code": app.code(clock.now())})
    assert (right.status_code, len(codes_on(right.text))) == (200, 10)
    assert right.headers["Cache-Control"] == "no-store"
    assert await has_factor(databases)
    page = await ada.open(SECURITY)
    assert ("10 unused codes are left" in page, "Remove the authenticator app" in page) == (True, True)
    # Also if nobody has seen them, since the button was pressed twice or the answer was lost.
    assert "If you do not have them, make new ones." in page


async def test_recovery_codes_are_shown_once_and_sending_the_form_again_replaces_none(
    ada: Browsing, clock: StandingClock, databases: Databases
) -> None:
    app = app_with(secret_on(await begin(ada)))
    form = {"first_code": app.code(clock.now())}
    codes = codes_on((await ada.send(CODE, form)).text)
    digests = await rows(databases, DIGESTS)
    again = await ada.send(CODE, form)
    assert (again.status_code, again.headers["Location"]) == (303, f"{SECURITY}?done=app-not-waiting")
    for path in (SECURITY, APP, RECOVERY_CODES):
        page = await ada.open(path)
        assert not any(code in page for code in codes)
    assert await rows(databases, DIGESTS) == digests


async def test_recovery_codes_are_renewed_once_by_each_page_that_asks(
    ada: Browsing, clock: StandingClock, databases: Databases
) -> None:
    former = await added(ada, clock.now())
    clock.advance(seconds=1)
    form = {"version": version_on(await ada.open(RECOVERY_CODES))}
    answer = await ada.send(RECOVERY_CODES, form)
    codes, digests = codes_on(answer.text), await rows(databases, DIGESTS)
    assert (answer.status_code, len(codes), set(codes) & set(former)) == (200, 10, set())
    reloaded = await ada.send(RECOVERY_CODES, form)
    assert (codes_on(reloaded.text), "were renewed after this page was opened" in reloaded.text) == ([], True)
    assert await rows(databases, DIGESTS) == digests
    clock.advance(seconds=1)
    assert len(codes_on((await ada.send(RECOVERY_CODES, {"version": version_on(reloaded.text)})).text)) == 10


async def test_an_account_without_a_factor_has_no_recovery_codes(ada: Browsing, databases: Databases) -> None:
    assert (await ada.http.get(RECOVERY_CODES)).headers["Location"] == SECURITY
    assert (await ada.send(RECOVERY_CODES, {"version": "None"})).headers["Location"] == SECURITY
    assert await rows(databases, DIGESTS) == []
    assert "Recovery codes" not in await ada.open(SECURITY)


async def test_another_app_takes_the_place_of_the_one_before_when_it_has_shown_a_code(
    ada: Browsing, clock: StandingClock, databases: Databases
) -> None:
    await added(ada, clock.now())
    (before,), digests = await rows(databases, SECRETS), await rows(databases, DIGESTS)
    assert "is valid until the new one has shown you a code" in await ada.open(APP)
    other = app_with(secret_on(await begin(ada)))
    assert await rows(databases, SECRETS) == [before]
    answer = await ada.send(CODE, {"first_code": other.code(clock.now())})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{SECURITY}?done=app-connected")
    assert "The authenticator app is connected" in await ada.open(answer.headers["Location"])
    assert await rows(databases, SECRETS) != [before]
    assert await rows(databases, DIGESTS) == digests


async def test_the_last_factor_is_removed_after_a_warning(
    ada: Browsing, clock: StandingClock, databases: Databases
) -> None:
    assert (await ada.http.get(f"{APP}/removal")).headers["Location"] == SECURITY
    await added(ada, clock.now())
    assert LAST in await ada.open(f"{APP}/removal")
    assert await has_factor(databases)
    answer = await ada.send(f"{APP}/removal")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{SECURITY}?done=app-removed")
    assert "The authenticator app is removed" in await ada.open(answer.headers["Location"])
    assert (await has_factor(databases), await rows(databases, DIGESTS)) == (False, [])
    assert (await ada.send(f"{APP}/removal")).headers["Location"] == SECURITY


async def test_a_secret_that_is_not_confirmed_in_time_is_gone(ada: Browsing, clock: StandingClock) -> None:
    app = app_with(secret_on(await begin(ada)))
    clock.advance(seconds=ENROLMENT_LIFETIME.total_seconds())
    await ada.sign_on()
    assert (await ada.http.get(CODE)).headers["Location"] == APP
    answer = await ada.send(CODE, {"first_code": app.code(clock.now())})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{SECURITY}?done=app-not-waiting")


async def test_who_signed_in_long_ago_does_so_again_and_comes_back_to_the_same_secret(
    ada: Browsing, clock: StandingClock
) -> None:
    query = "?return=/account/devices"
    page = await begin(ada, query)
    clock.advance(seconds=601)
    answers = [await ada.http.get(f"{CODE}{query}"), await ada.send(f"{CODE}{query}", {"first_code": "123456"})]
    assert all(leads_to_sign_in(answer, f"{CODE}{query}") for answer in answers)
    answer = await ada.send(answers[1].headers["Location"], {"login": "", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{CODE}{query}")
    assert uri_on(await ada.open(answer.headers["Location"])) == uri_on(page)


@pytest.mark.parametrize("path", [APP, CODE, f"{APP}/removal", RECOVERY_CODES])
async def test_no_page_acts_when_it_is_opened_or_its_form_comes_from_elsewhere(
    ada: Browsing, identity_at: Identity, databases: Databases, path: str
) -> None:
    (row,) = await databases.fetch("identity_owner", USER)
    await add_app(identity_at, str(row["id"]))
    before = [await rows(databases, each) for each in (SECRETS, ENROLMENTS, DIGESTS)]
    await ada.http.get(path)
    form = {"first_code": "123456"} if path == CODE else {"version": "None"} if path == RECOVERY_CODES else {}
    foreign = await ada.send(path, form, headers={"Origin": "https://evil.example"})
    assert (foreign.status_code, "not sent from a page of this site" in foreign.text) == (403, True)
    assert [await rows(databases, each) for each in (SECRETS, ENROLMENTS, DIGESTS)] == before
    ada.http.cookies.clear()
    assert leads_to_sign_in(await ada.http.get(path), path)


async def test_who_must_have_a_factor_adds_one_and_goes_on(
    ada: Browsing, identity_at: Identity, clock: StandingClock
) -> None:
    await identity_at.parts.roles.change("user", RoleContent(None, None, True), BY_COMMAND_LINE)
    location = (await ada.http.get("/account/devices")).headers["Location"]
    query = "?return=/account/devices"
    assert location == f"{SECURITY}{query}"
    assert f'href="{APP}{query}"' in await ada.open(location)
    app = app_with(secret_on(await begin(ada, query)))
    answer = await ada.send(f"{CODE}{query}", {"first_code": app.code(clock.now())})
    assert (len(codes_on(answer.text)), 'href="/account/devices"' in answer.text) == (10, True)
    await ada.open("/account/devices")


async def test_the_way_to_an_application_outlives_a_sign_in_that_becomes_too_old(
    ada: Browsing, identity_at: Identity, app: Application, clock: StandingClock
) -> None:
    await identity_at.parts.roles.change("user", RoleContent(None, None, True), BY_COMMAND_LINE)
    location = (await ada.http.get(app.path())).headers["Location"]
    query = location.removeprefix(SECURITY)
    code = app_with(secret_on(await begin(ada, query))).code
    clock.advance(seconds=601)
    stale = await ada.send(f"{CODE}{query}", {"first_code": code(clock.now())})
    assert stale.headers["Location"].startswith(f"/sign-in?return={SECURITY}/")
    answer = await ada.send(stale.headers["Location"], {"login": "", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{CODE}{query}")
    answer = await ada.send(f"{CODE}{query}", {"first_code": code(clock.now())})
    (goal,) = re.findall(r'href="(/oauth/authorize[^"]+)"', answer.text)
    assert "code" in answer_of(await ada.http.get(unescape(goal)), app)


async def test_a_person_sees_and_changes_their_own_factors_alone(
    ada: Browsing, identity_at: Identity, clock: StandingClock, databases: Databases
) -> None:
    bob = UUID(await identity_at.register("bob"))
    await add_app(identity_at, str(bob))
    assert "Remove the authenticator app" not in await ada.open(SECURITY)
    await begin(ada)
    (before,) = await rows(databases, SECRETS)
    assert (await ada.send(f"{APP}/removal")).headers["Location"] == SECURITY
    assert await rows(databases, SECRETS) == [before]
