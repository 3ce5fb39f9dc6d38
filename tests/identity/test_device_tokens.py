"""The device code at the token endpoint (RFC 8628 sections 3.4 and 3.5)."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.identity.answers import claims_of, ensure_oauth_error
from tests.identity.browsing import Browsing, browsing
from tests.identity.device_flow import (
    SCOPES,
    TELEVISION,
    Television,
    allow,
    deny,
    enter,
    register_client,
    switched_on,
)
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity, bearer
from watchword.testing import StandingClock

SESSIONS = "SELECT * FROM identity.sessions"


@pytest.fixture
async def ada(identity_at: Identity) -> AsyncIterator[Browsing]:
    """The browser of ada, who has signed on; there is a client for devices."""
    await register_client(identity_at)
    async with browsing(identity_at, "ada") as browser:
        yield browser


@pytest.fixture
async def television(identity_at: Identity, ada: Browsing) -> Television:
    return await switched_on(identity_at)


async def test_a_device_gets_tokens_once_a_person_has_allowed_it(
    ada: Browsing, television: Television, clock: StandingClock, databases: Databases
) -> None:
    assert await television.error() == "authorization_pending"
    clock.advance(seconds=60)
    # To enter the code decides nothing.
    assert (await enter(ada, television.user_code)).status_code == 200
    assert await television.error() == "authorization_pending"
    await allow(ada, television)
    tokens = await television.tokens()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    claims = claims_of(tokens["access_token"])
    assert (claims["preferred_username"], claims["client_id"], claims["aud"]) == ("ada", TELEVISION, IDENTITY_URL)
    # Of the person's own sign-in, a minute before; the session itself is the device's alone.
    assert (claims["iat"] - claims["auth_time"], claims["acr"], claims["amr"]) == (60, "pwd", ["pwd"])
    (session,) = await databases.fetch("identity_app", SESSIONS)
    assert (session["sign_on_id"], session["scopes"], session["audiences"]) == (
        None,
        [*SCOPES],
        [IDENTITY_URL, POSTS_URL],
    )


async def test_the_refresh_token_reaches_every_audience_of_the_client(
    identity_at: Identity, ada: Browsing, television: Television
) -> None:
    await allow(ada, television)
    tokens = await television.tokens()
    form = {"client_id": TELEVISION, "resource": POSTS_URL}
    refreshed = (await identity_at.refresh(tokens["refresh_token"], **form)).json()
    assert (refreshed["scope"], claims_of(refreshed["access_token"])["aud"]) == ("posts:write", POSTS_URL)


async def test_a_client_of_others_gets_a_refresh_token_for_offline_access_only(
    identity_at: Identity, ada: Browsing
) -> None:
    television = await switched_on(identity_at, scope="posts:write", resource=POSTS_URL)
    await allow(ada, television)
    tokens = await television.tokens()
    assert ("refresh_token" in tokens, tokens["scope"]) == (False, "posts:write")
    assert claims_of(tokens["access_token"])["aud"] == POSTS_URL


async def test_a_device_that_polls_too_often_waits_five_seconds_longer_each_time(
    ada: Browsing, television: Television, clock: StandingClock
) -> None:
    answers = []
    for seconds in (0, 5, 4, 9, 14, 20, 19, 25):
        clock.advance(seconds=seconds)
        answers.append(await television.error())
    pending, slow = "authorization_pending", "slow_down"
    assert answers == [pending, pending, slow, slow, slow, pending, slow, pending]
    # Once a person has decided, no device has to wait.
    await allow(ada, television)
    await television.tokens()


async def test_a_device_that_was_denied_learns_it_and_gets_nothing(
    ada: Browsing, television: Television, databases: Databases
) -> None:
    await deny(ada, television)
    assert [await television.error() for _ in range(2)] == ["access_denied"] * 2
    assert (await enter(ada, television.user_code, "allow")).status_code == 422
    assert await television.error() == "access_denied"
    assert await databases.fetch("identity_app", SESSIONS) == []


@pytest.mark.parametrize("is_allowed", [True, False], ids=["allowed", "undecided"])
async def test_a_code_expires_after_ten_minutes(
    ada: Browsing, television: Television, clock: StandingClock, databases: Databases, is_allowed: bool
) -> None:
    if is_allowed:
        await allow(ada, television)
    clock.advance(minutes=10)
    assert await television.error() == "expired_token"
    assert (await enter(ada, television.user_code)).status_code == 422
    assert (await enter(ada, television.user_code, "allow")).status_code == 422
    assert await databases.fetch("identity_app", SESSIONS) == []


async def test_a_code_works_until_its_last_second(ada: Browsing, television: Television, clock: StandingClock) -> None:
    clock.advance(minutes=9, seconds=59)
    await allow(ada, television)
    await television.tokens()


async def test_a_device_code_that_is_presented_again_ends_the_session_that_it_made(
    identity_at: Identity, ada: Browsing, television: Television
) -> None:
    await allow(ada, television)
    tokens = await television.tokens()
    receiver = await receiver_with_stream(identity_at)
    ensure_oauth_error(await television.poll(), "invalid_grant")
    form = {"client_id": TELEVISION}
    ensure_oauth_error(await identity_at.refresh(tokens["refresh_token"], **form), "invalid_grant")
    me = await identity_at.http.get("/users/me", headers=bearer(tokens["access_token"]))
    assert me.status_code == 401
    # However often it is presented, the session ends once.
    ensure_oauth_error(await television.poll(), "invalid_grant")
    assert await receiver.kinds() == ["session-revoked"]


async def test_another_client_cannot_use_a_device_code_and_changes_nothing(
    identity_at: Identity, ada: Browsing, television: Television
) -> None:
    await register_client(identity_at, "other-tv")
    await register_client(identity_at, "kiosk", secret="a secret")
    await allow(ada, television)
    others = {"client_id": "other-tv"}, {"client_id": "kiosk", "client_secret": "a secret"}
    assert [await television.error(**other) for other in others] == ["invalid_grant"] * 2
    tokens = await television.tokens()
    # Nor does it end the session.
    assert [await television.error(**other) for other in others] == ["invalid_grant"] * 2
    assert (await identity_at.refresh(tokens["refresh_token"], client_id=TELEVISION)).status_code == 200


async def test_something_that_is_no_device_code_is_refused(television: Television) -> None:
    codes = {"": "invalid_request", **dict.fromkeys(("nonsense", "ünïcödé", "x" * 10_000), "invalid_grant")}
    for code, error in codes.items():
        answer = await television.poll(device_code=code)
        assert answer.json().get("error") == error, code
        ensure_oauth_error(answer, error)


async def test_a_user_code_is_no_device_code(ada: Browsing, television: Television) -> None:
    await allow(ada, television)
    for code in (television.user_code, television.user_code.replace("-", "")):
        ensure_oauth_error(await television.poll(device_code=code), "invalid_grant")


async def test_the_device_gets_what_the_client_may_still_have(
    identity_at: Identity, ada: Browsing, television: Television, databases: Databases
) -> None:
    await allow(ada, television)
    less = "UPDATE identity.clients SET scopes = '{account}' WHERE id = $1"
    await databases.execute("identity_owner", less, TELEVISION)
    # Who asks for too much has not used the code up.
    ensure_oauth_error(await television.poll(resource=POSTS_URL), "invalid_scope")
    ensure_oauth_error(await television.poll(resource="https://elsewhere.example"), "invalid_target")
    assert (await television.tokens())["scope"] == "account"


async def test_the_session_lasts_as_long_as_others_and_is_on_the_page_of_devices(
    ada: Browsing, television: Television, databases: Databases
) -> None:
    await allow(ada, television)
    await television.tokens()
    (session,) = await databases.fetch("identity_app", SESSIONS)
    assert session["expires_at"] - session["created_at"] == timedelta(days=60)
    assert TELEVISION in await ada.open("/account/devices")
