"""Sessions that come from a sign-on: whether they start, how long they last, and what a refresh does to the sign-on."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from identity_service.ending import RETENTION
from identity_service.errors import AccountChanged, CodeRefused
from tests.identity.answers import claims_of, ensure_oauth_error
from tests.identity.sessions_of_sign_ons import (
    exchange,
    issue_code,
    offer_openid,
    register_and_start,
    sign_on_row,
    start_in,
)
from tests.identity.signing_on import register_and_sign_on, sign_on, submit, use, who
from tests.identity.test_rotation_locks import blocked_by
from tests.support.databases import Databases, connected
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.testing import StandingClock

DAY = timedelta(days=1)
SESSIONS = "SELECT * FROM identity.sessions ORDER BY id"
SIGN_ONS = "SELECT * FROM identity.sign_ons ORDER BY id"
TOKENS = "SELECT FROM identity.refresh_tokens"
LIVE_SESSION_OF_ENDED = (
    "SELECT FROM identity.sessions s JOIN identity.sign_ons o ON o.id = sign_on_id"
    " WHERE s.ended_at IS NULL AND o.ended_at IS NOT NULL"
)
FORBID = "REVOKE UPDATE ON identity.sign_ons FROM identity_app"
ALLOW = "GRANT UPDATE ON identity.sign_ons TO identity_app"
EXPIRE_EARLIER = "UPDATE identity.sign_ons SET expires_at = expires_at - interval '13 days 2 hours'"
LOCK_SIGN_ON = "SELECT id FROM identity.sign_ons FOR UPDATE"
LOCK_SESSIONS = "SELECT id FROM identity.sessions FOR UPDATE"
REFUSED = {
    "ended": "UPDATE identity.sign_ons SET ended_at = now(), end_reason = 'signed out' WHERE user_id = $1",
    "unused": "UPDATE identity.sign_ons SET expires_at = now() WHERE user_id = $1",
    "disabled": "UPDATE identity.users SET is_active = false WHERE id = $1",
    "unverified": "UPDATE identity.users SET awaits_verification = true WHERE id = $1",
    "beginner": "UPDATE identity.users SET must_change_password = true WHERE id = $1",
    "erased": "DELETE FROM identity.users WHERE id = $1",
}


async def test_no_session_starts_in_a_sign_on_that_is_over_or_for_somebody_who_may_not_sign_in(
    identity: Identity, databases: Databases
) -> None:
    await offer_openid(databases)
    for username, change in REFUSED.items():
        identity.http.cookies.clear()
        sign_on = await sign_on_row(identity, await register_and_sign_on(identity, username))
        code = await issue_code(identity, sign_on)
        await databases.execute("identity_owner", change, sign_on.user_id)
        # With an erased account its codes are gone.
        with pytest.raises(CodeRefused if username == "erased" else AccountChanged):
            await exchange(identity, code)
    assert await databases.fetch("identity_app", SESSIONS) == []


async def test_no_session_starts_in_the_sign_on_of_somebody_else(identity: Identity, databases: Databases) -> None:
    await offer_openid(databases)
    sign_on = await sign_on_row(identity, await register_and_sign_on(identity))
    code = await issue_code(identity, sign_on)
    eve = UUID(await identity.register("eve"))
    await databases.execute("identity_owner", "UPDATE identity.authorization_codes SET user_id = $1", eve)
    with pytest.raises(CodeRefused):
        await exchange(identity, code)
    assert await databases.fetch("identity_app", SESSIONS) == []


async def test_session_without_a_refresh_token_cannot_be_refreshed_and_ends_like_any_other(
    identity: Identity, databases: Databases
) -> None:
    secret, tokens = await register_and_start(identity, databases, gives_refresh_token=False)
    assert ("refresh_token" in tokens, "id_token" in tokens) == (False, True)
    assert await databases.fetch("identity_app", TOKENS) == []
    headers = bearer(tokens["access_token"])
    assert (await identity.http.get("/users/me", headers=headers)).status_code == 200
    assert (await identity.http.delete("/sessions/current", headers=headers)).status_code == 204
    assert (await identity.http.get("/users/me", headers=headers)).status_code == 401
    assert await who(identity, secret) is None


async def test_session_lasts_no_longer_than_its_sign_on_can(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    secret, _ = await register_and_start(identity_at, databases)
    began = clock.now()
    for _ in range(5):
        clock.advance(days=11)
        assert await who(identity_at, secret) == "ada"
        await identity_at.parts.keyring.check()
    tokens = await start_in(identity_at, secret)
    (_, session) = await databases.fetch("identity_app", SESSIONS)
    assert session["expires_at"] == began + 60 * DAY
    assert claims_of(tokens["refresh_token"])["exp"] == int(session["expires_at"].timestamp())
    clock.advance(days=5)
    ensure_oauth_error(await identity_at.refresh(tokens["refresh_token"]), "invalid_grant")


async def test_refresh_uses_the_sign_on_and_is_refused_when_nothing_has_for_fourteen_days(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    secret, tokens = await register_and_start(identity_at, databases)
    seen = clock.now()
    for minutes, is_noted in ((4, False), (1, True), (4, False), (2, True)):
        clock.advance(minutes=minutes)
        tokens = (await identity_at.refresh(tokens["refresh_token"])).json()
        seen = clock.now() if is_noted else seen
        ((row,)) = await databases.fetch("identity_app", SIGN_ONS)
        assert (row["last_seen_at"], row["expires_at"]) == (seen, seen + 14 * DAY)
    clock.advance(days=13)
    tokens = (await identity_at.refresh(tokens["refresh_token"])).json()
    clock.advance(days=13)
    assert await who(identity_at, secret) == "ada"
    await databases.execute("identity_owner", EXPIRE_EARLIER)
    clock.advance(hours=23)
    ensure_oauth_error(await identity_at.refresh(tokens["refresh_token"]), "invalid_grant")


async def test_refresh_succeeds_although_the_use_of_the_sign_on_cannot_be_noted(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    _, tokens = await register_and_start(identity_at, databases)
    clock.advance(minutes=9)
    await databases.execute("identity_owner", FORBID)
    try:
        answer = await identity_at.refresh(tokens["refresh_token"])
    finally:
        await databases.execute("identity_owner", ALLOW)
    assert (await identity_at.refresh(answer.json()["refresh_token"])).status_code == 200


async def test_refresh_waits_for_no_lock_of_its_sign_on(identity: Identity, databases: Databases) -> None:
    _, tokens = await register_and_start(identity, databases)
    async with connected(databases.url("identity_owner")) as owner, owner.transaction():
        await owner.execute(LOCK_SIGN_ON)
        assert (await identity.refresh(tokens["refresh_token"])).status_code == 200


async def test_refresh_that_meets_the_end_of_its_sign_on_leaves_no_token(
    identity: Identity, databases: Databases
) -> None:
    secret, tokens = await register_and_start(identity, databases)
    use(identity, secret)
    async with blocked_by(databases, submit(identity, "/sign-out"), LOCK_SESSIONS) as ending:
        refresh = asyncio.create_task(identity.refresh(tokens["refresh_token"]))
    assert (await ending).status_code == 303
    # Whichever of the two had the session first: nothing of it is left.
    answer = await refresh
    newest = answer.json().get("refresh_token", tokens["refresh_token"])
    ensure_oauth_error(await identity.refresh(newest), "invalid_grant")
    assert await databases.fetch("identity_app", LIVE_SESSION_OF_ENDED) == []


async def test_starts_refreshes_and_ends_at_once_leave_no_session_of_an_ended_sign_on(
    identity: Identity, databases: Databases
) -> None:
    secret, tokens = await register_and_start(identity, databases)
    more = [await start_in(identity, secret) for _ in range(3)]
    use(identity, secret)
    headers = bearer(tokens["access_token"])
    results: list[Any] = await asyncio.gather(
        *(identity.refresh(one["refresh_token"]) for one in (tokens, *more)),
        *(start_in(identity, secret) for _ in range(4)),
        submit(identity, "/sign-out"),
        identity.http.delete("/sessions/current", headers=headers),
        identity.http.delete(f"/sessions/{claims_of(more[0]['access_token'])['sid']}", headers=headers),
        *(identity.refresh(one["refresh_token"]) for one in more),
        return_exceptions=True,
    )
    unexpected = [one for one in results if isinstance(one, BaseException) and not isinstance(one, AccountChanged)]
    assert unexpected == []
    assert {one.status_code for one in results if hasattr(one, "status_code")} <= {200, 204, 303, 400, 401}
    live = "SELECT FROM identity.sessions WHERE ended_at IS NULL"
    assert await databases.fetch("identity_app", live) == []


async def test_sessions_of_one_browser_are_listed_together(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    secret, tokens = await register_and_start(identity_at, databases)
    clock.advance(seconds=1)
    script = await identity_at.sign_in("ada", resource=IDENTITY_URL)
    clock.advance(seconds=1)
    latest = await start_in(identity_at, secret)
    shown = (await identity_at.http.get("/sessions", headers=bearer(tokens["access_token"]))).json()
    assert [one["id"] for one in shown] == [claims_of(one["access_token"])["sid"] for one in (latest, tokens, script)]
    browser = str((await sign_on_row(identity_at, secret)).id)
    assert [one["sign_on_id"] for one in shown] == [browser, browser, None]
    assert [one["current"] for one in shown] == [False, True, False]


async def test_page_of_devices_shows_a_browser_once_with_the_applications_of_its_sign_on(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    secret, tokens = await register_and_start(identity_at, databases)
    await start_in(identity_at, secret, client_id="posts-docs")
    await identity_at.sign_in("ada")
    clock.advance(minutes=2)
    await identity_at.refresh(tokens["refresh_token"])
    use(identity_at, secret)
    page = (await identity_at.http.get("/account/devices")).text
    assert page.count("<li>") == 2
    assert "This site, posts-docs, web" in page
    assert page.count(clock.now().strftime("%H:%M")) == 1


async def test_sign_on_that_is_deleted_takes_its_sessions_along(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    secret, _ = await register_and_start(identity_at, databases)
    await start_in(identity_at, secret, gives_refresh_token=False)
    identity_at.http.cookies.clear()
    await sign_on(identity_at)
    clock.advance(days=13)
    assert await who(identity_at) == "ada"
    clock.advance(seconds=(RETENTION + 2 * DAY).total_seconds())
    deleted = await identity_at.parts.cleanup.delete_expired(clock.now())
    assert [deleted.rows[name] for name in ("refresh_tokens", "sessions", "sign_ons")] == [1, 2, 1]
    assert len(await databases.fetch("identity_app", SIGN_ONS)) == 1
    assert await databases.fetch("identity_app", SESSIONS) == []


async def test_account_with_sign_ons_and_sessions_of_them_is_deleted(identity: Identity, databases: Databases) -> None:
    secret, tokens = await register_and_start(identity, databases)
    use(identity, secret)
    await submit(identity, "/sign-out")
    await start_in(identity, await sign_on(identity))
    headers = bearer((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])
    assert (await identity.http.delete("/users/me", headers=headers)).status_code == 204
    ensure_oauth_error(await identity.refresh(tokens["refresh_token"]), "invalid_grant")
    assert await databases.fetch("identity_app", SIGN_ONS) == await databases.fetch("identity_app", SESSIONS) == []
