"""Whoever has a role that requires a second factor, and has none, adds one before anything else."""

import pytest

from identity_service.administration import AccountDraft, Administration
from identity_service.factor_acts.values import Owner
from identity_service.pages.goals import Goal
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.roles.values import RoleContent
from tests.identity.authorizing import AUTHORIZE, Application, authorize
from tests.identity.browsing import Browsing
from tests.identity.second_factors import add_app_as, add_passkey_as
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

pytestmark = pytest.mark.usefixtures("seeded_roles")

SECURITY = "/account/security"
HAS_FACTOR = "UPDATE identity.users SET has_second_factor = true"
AUTHENTICATED_AT = "SELECT authenticated_at FROM identity.sign_ons"
NAMES = "SELECT username FROM identity.users WHERE username = 'countess'"


async def require(identity: Identity, role: str = "user", *, required: bool = True) -> None:
    await identity.parts.roles.change(role, RoleContent(None, None, required), BY_COMMAND_LINE)


@pytest.fixture
async def obliged(identity_at: Identity, browser: Browsing) -> Browsing:
    """The browser of Ada, who is signed on and whose role requires a second factor since."""
    await browser.sign_on()
    await require(identity_at)
    return browser


async def location_of(browser: Browsing, path: str, **headers: str) -> str:
    answer = await browser.http.get(path, headers=headers)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


async def test_every_page_of_the_account_leads_to_the_one_that_adds_a_factor_and_knows_the_way_back(
    obliged: Browsing, databases: Databases
) -> None:
    assert await location_of(obliged, "/account") == SECURITY
    assert await location_of(obliged, "/account/devices") == f"{SECURITY}?return=/account/devices"
    assert await location_of(obliged, "/account/password") == f"{SECURITY}?return=/account/password"
    device = f"{SECURITY}?return=/device%3Fuser_code%3DBCDF-GHJK"
    assert await location_of(obliged, "/device?user_code=BCDF-GHJK") == device
    administration = f"{SECURITY}?return=/admin/ui/users%3Fq%3Da"
    assert await location_of(obliged, "/admin/ui/users?q=a") == administration
    scripted = await obliged.http.get("/admin/ui/users?q=a", headers={"HX-Request": "true"})
    assert (scripted.status_code, scripted.headers["HX-Redirect"]) == (200, administration)
    answer = await obliged.send("/account", {"username": "countess"})
    assert (answer.status_code, answer.headers["Location"]) == (303, SECURITY)
    assert await databases.fetch("identity_app", NAMES) == []


async def test_the_page_that_adds_a_factor_says_why_one_is_there_and_lets_nobody_else_in(
    obliged: Browsing, databases: Databases
) -> None:
    page = await obliged.open(f"{SECURITY}?return=/account/devices")
    assert ("needs more than a password" in page, 'href="/account/devices"' in page) == (True, False)
    assert "Sign out" in await obliged.open("/sign-out")
    await databases.execute("identity_owner", HAS_FACTOR)
    page = await obliged.open(f"{SECURITY}?return=/account/devices")
    assert ("needs more than a password" in page, 'href="/account/devices"' in page) == (False, True)
    obliged.http.cookies.clear()
    assert await location_of(obliged, SECURITY) == f"/sign-in?return={SECURITY}"


async def test_whose_roles_require_nothing_or_who_has_a_factor_goes_where_they_want(
    identity_at: Identity, browser: Browsing, databases: Databases
) -> None:
    await require(identity_at, "moderator")
    await browser.sign_on()
    await browser.open("/account/devices")
    await require(identity_at)
    assert (await browser.http.get("/account/devices")).status_code == 303
    await require(identity_at, required=False)
    await browser.open("/account/devices")
    await require(identity_at)
    await databases.execute("identity_owner", HAS_FACTOR)
    await browser.open("/account/devices")


async def test_on_the_way_to_an_application_a_factor_is_added_first(
    obliged: Browsing, app: Application, databases: Databases
) -> None:
    location = await location_of(obliged, app.path())
    assert location.startswith(f"{SECURITY}?return={AUTHORIZE}%3F")
    await obliged.open(location)
    assert (await authorize(obliged, app, prompt="none"))["error"] == "interaction_required"
    consent = await location_of(obliged, f"/consent?{app.query()}")
    assert consent.startswith(f"{AUTHORIZE}?")
    await databases.execute("identity_owner", HAS_FACTOR)
    page = await obliged.open(location)
    assert f'href="{AUTHORIZE}?' in page
    assert "code" in await authorize(obliged, app)


async def test_who_signed_in_long_ago_does_so_again_before_adding_a_factor(
    obliged: Browsing, app: Application, clock: StandingClock
) -> None:
    clock.advance(seconds=601)
    location = await location_of(obliged, app.path())
    assert location.startswith(f"/sign-in?return={AUTHORIZE}%3F")
    answer = await obliged.send(location, {"login": "ada", "password": PASSWORD})
    assert answer.status_code == 303
    assert (await location_of(obliged, answer.headers["Location"])).startswith(f"{SECURITY}?return={AUTHORIZE}%3F")


async def test_an_initial_password_is_changed_before_a_factor_is_added(
    identity_at: Identity, browser: Browsing, app: Application
) -> None:
    draft = AccountDraft("grace", "grace@example.com", PASSWORD, must_change=True)
    await Administration(identity_at.parts).create_administrator(draft)
    await require(identity_at, "admin")
    await browser.sign_on("grace")
    for path in ("/account", SECURITY):
        assert await location_of(browser, path) == "/account/password"
    assert (await location_of(browser, app.path())).startswith("/account/password?return=")
    change = {"current_password": PASSWORD, "new_password": "staple trombone violin"}
    assert (await browser.send("/account/password", change)).status_code == 303
    assert await location_of(browser, "/account") == SECURITY


DEVICE = "/device?user_code=BCDF-GHJK"


@pytest.mark.parametrize("goal", ["/account/devices", DEVICE, "/admin/ui/users?q=a", f"{AUTHORIZE}?client_id=a"])
def test_a_page_of_the_security_leads_on_to_a_goal(goal: str) -> None:
    for page in (SECURITY, f"{SECURITY}/authenticator"):
        path = Goal.of(goal, needs_fresh=True).path_after(page)
        assert Goal.of(path, needs_fresh=False).path == path


@pytest.mark.parametrize(
    "path",
    [
        f"{SECURITY}?return=//evil.example",
        f"{SECURITY}?return=https%3A//evil.example",
        f"{SECURITY}?return=/sign-out",
        f"{SECURITY}?return=/account/devices&more=a",
        f"{SECURITY}?return=/account/devices&return=/account/devices",
        f"{SECURITY}?return=/account/devices%23a",
        f"{SECURITY}?return={SECURITY}%3Freturn%3D/account/devices",
        f"{SECURITY}/../devices?return=/account/devices",
        f"{SECURITY}?fresh=true",
        f"{SECURITY}?",
        "/account/devices?return=/account/email",
        "/account/security-x?return=/account/devices",
        f"{SECURITY}?return=" * 1_000 + "/account/devices",
    ],
    ids=lambda path: path[:80],
)
def test_a_way_back_that_no_page_of_ours_has_made_leads_nowhere_else(path: str) -> None:
    assert Goal.of(path, needs_fresh=False) == Goal()


async def test_the_last_factor_stays_while_a_role_requires_one(
    identity_at: Identity, obliged: Browsing, databases: Databases
) -> None:
    (row,) = await databases.fetch("identity_app", "SELECT id, user_id FROM identity.sign_ons")
    owner = Owner(row["user_id"], sign_on_id=row["id"])
    await add_app_as(identity_at, owner)
    app_removal = f"{SECURITY}/authenticator/removal"
    assert (await obliged.send(app_removal)).headers["Location"] == f"{SECURITY}?done=factor-needed"
    assert "Add another one before you remove the last" in await obliged.open(f"{SECURITY}?done=factor-needed")
    passkey_removal = f"{SECURITY}/passkeys/{await add_passkey_as(identity_at, owner)}/removal"
    assert (await obliged.send(app_removal)).headers["Location"] == f"{SECURITY}?done=app-removed"
    assert (await obliged.send(passkey_removal)).headers["Location"] == f"{SECURITY}?done=factor-needed"
    flags = await databases.fetch("identity_app", "SELECT has_second_factor FROM identity.users")
    assert [flag["has_second_factor"] for flag in flags] == [True]
    await require(identity_at, required=False)
    assert (await obliged.send(passkey_removal)).headers["Location"] == f"{SECURITY}?done=passkey-removed"
