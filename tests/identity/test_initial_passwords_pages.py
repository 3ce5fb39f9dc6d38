"""Who signs on with an initial password gets to nothing but the page that changes it."""

import pytest

from identity_service.administration import AccountDraft, Administration
from identity_service.users.models import INITIAL_PASSWORD_LIFETIME
from tests.identity.signing_in import issue_initial_password
from tests.identity.signing_on import COOKIE, ORIGIN, cookies_of, register_and_sign_on, submit, who
from tests.identity.test_sign_in_page import shown
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

GRACE = AccountDraft("grace", "grace@example.com", PASSWORD, must_change=True)
PASSWORD_PAGE = "/account/password"
USER = "SELECT username FROM identity.users"


@pytest.fixture
async def grace(identity_at: Identity) -> Identity:
    """The service, where Grace has signed on with an initial password."""
    await Administration(identity_at.parts).create_administrator(GRACE)
    answer = await submit(identity_at, "/sign-in", login="grace", password=PASSWORD)
    assert (answer.status_code, len(cookies_of(answer))) == (303, 1)
    return identity_at


async def test_every_page_of_the_account_leads_to_the_one_that_changes_the_password(
    grace: Identity, databases: Databases
) -> None:
    for path in ("/sign-in", "/account"):
        answer = await grace.http.get(path, follow_redirects=False)
        goals = [answer.headers["Location"]]
        if goals == ["/account"]:
            goals.append((await grace.http.get("/account")).headers["Location"])
        assert (answer.status_code, goals[-1]) == (303, PASSWORD_PAGE)
    answer = await submit(grace, "/account", username="countess")
    assert (answer.status_code, answer.headers["Location"]) == (303, PASSWORD_PAGE)
    assert [row["username"] for row in await databases.fetch("identity_app", USER)] == ["grace"]
    assert COOKIE in grace.http.cookies


async def test_who_has_changed_an_initial_password_on_its_page_gets_to_the_account(grace: Identity) -> None:
    change = {"current_password": PASSWORD, "new_password": PASSWORD}
    assert (await submit(grace, PASSWORD_PAGE, ORIGIN, **change)).status_code == 422
    other = {**change, "new_password": "staple trombone violin"}
    assert (await submit(grace, PASSWORD_PAGE, ORIGIN, **other)).status_code == 303
    assert await who(grace) == "grace"


async def test_initial_password_that_was_not_changed_in_time_signs_nobody_on(
    identity_at: Identity, clock: StandingClock
) -> None:
    await Administration(identity_at.parts).create_administrator(GRACE)
    clock.advance(seconds=INITIAL_PASSWORD_LIFETIME.total_seconds())
    late = await submit(identity_at, "/sign-in", login="grace", password=PASSWORD)
    wrong = await submit(identity_at, "/sign-in", login="grace", password="staple trombone violin")
    assert (late.status_code, shown(late)) == (wrong.status_code, shown(wrong))
    assert cookies_of(late) == []


async def test_operator_who_resets_a_password_ends_every_sign_on(identity: Identity) -> None:
    await register_and_sign_on(identity)
    assert await who(identity) == "ada"
    await issue_initial_password(identity, "ada")
    assert await who(identity) is None


async def test_account_page_says_that_the_password_is_breached_until_it_changes(
    identity: Identity, databases: Databases
) -> None:
    await register_and_sign_on(identity)
    text = "Your password is in a list of passwords"
    assert text not in (await identity.http.get("/account")).text
    await databases.execute("identity_app", "UPDATE identity.users SET password_breached_at = now()")
    page = (await identity.http.get("/account")).text
    assert text in page
    assert f'<a href="{PASSWORD_PAGE}">' in page
