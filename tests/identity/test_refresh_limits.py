"""How long a refresh token is valid, for which client, and what may be requested with it."""

import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from tests.identity.answers import claims_of, ensure_oauth_error
from tests.identity.signing_in import register_and_sign_in
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity, bearer
from watchword.testing import StandingClock

LIVE = "SELECT 1 FROM identity.sessions WHERE ended_at IS NULL"
DAY = 24 * 3600


async def refresh_token(identity: Identity, **form: str) -> str:
    return str((await register_and_sign_in(identity, **form))["refresh_token"])


async def pass_time(identity: Identity, clock: StandingClock, **by: float) -> None:
    """Move the clock, and let the service rotate its keys."""
    clock.advance(**by)
    await identity.parts.keyring.check()


async def test_refresh_token_is_valid_for_14_days(identity_at: Identity, clock: StandingClock) -> None:
    token = await refresh_token(identity_at)
    await pass_time(identity_at, clock, days=14, seconds=-1)
    assert (await identity_at.refresh(token)).status_code == 200


async def test_refresh_token_unused_for_14_days_has_expired(identity_at: Identity, clock: StandingClock) -> None:
    token = await refresh_token(identity_at)
    await pass_time(identity_at, clock, days=14)
    ensure_oauth_error(await identity_at.refresh(token), "invalid_grant")


async def test_session_ends_after_60_days_however_much_it_is_used(identity_at: Identity, clock: StandingClock) -> None:
    token = await refresh_token(identity_at)
    end = int(clock.now().timestamp()) + 60 * DAY
    for _ in range(5):
        await pass_time(identity_at, clock, days=10)
        token = (await identity_at.refresh(token)).json()["refresh_token"]
    assert claims_of(token)["exp"] == end
    await pass_time(identity_at, clock, days=10, minutes=-5)
    answer = (await identity_at.refresh(token)).json()
    assert answer["expires_in"] == 300
    assert {claims_of(answer[kind])["exp"] for kind in ("access_token", "refresh_token")} == {end}
    await pass_time(identity_at, clock, minutes=5)
    ensure_oauth_error(await identity_at.refresh(answer["refresh_token"]), "invalid_grant")


async def test_narrower_scope_does_not_narrow_the_session(identity_at: Identity) -> None:
    token = await refresh_token(identity_at, resource=POSTS_URL)
    narrow = (await identity_at.refresh(token, scope="account", resource=IDENTITY_URL)).json()
    assert narrow["scope"] == claims_of(narrow["access_token"])["scope"] == "account"
    wide = (await identity_at.refresh(narrow["refresh_token"])).json()
    assert wide["scope"] == "posts:write"


async def test_refresh_may_ask_for_any_audience_and_keeps_the_first_without_asking(identity_at: Identity) -> None:
    tokens = await register_and_sign_in(identity_at, resource=IDENTITY_URL)
    session_id = claims_of(tokens["access_token"])["sid"]
    for resource in (POSTS_URL, IDENTITY_URL, None, POSTS_URL, None):
        form = {} if resource is None else {"resource": resource}
        tokens = (await identity_at.refresh(tokens["refresh_token"], **form)).json()
        claims = claims_of(tokens["access_token"])
        assert (claims["aud"], claims["sid"]) == (resource or IDENTITY_URL, session_id)


@pytest.mark.parametrize(
    ("narrowing", "error"),
    [
        ({"scope": "account posts:write"}, "invalid_scope"),
        ({"resource": POSTS_URL}, "invalid_scope"),
        ({"resource": "http://elsewhere.example"}, "invalid_target"),
    ],
)
async def test_requesting_more_is_refused_and_does_not_spend_the_token(
    identity_at: Identity, clock: StandingClock, narrowing: dict[str, str], error: str
) -> None:
    token = await refresh_token(identity_at, scope="account", resource=IDENTITY_URL)
    ensure_oauth_error(await identity_at.refresh(token, **narrowing), error)
    clock.advance(minutes=1)
    assert (await identity_at.refresh(token)).status_code == 200


async def test_two_resources_are_refused_and_do_not_spend_the_token(
    identity_at: Identity, clock: StandingClock
) -> None:
    token = await refresh_token(identity_at)
    form = {"grant_type": "refresh_token", "refresh_token": token, "resource": [POSTS_URL, IDENTITY_URL]}
    ensure_oauth_error(await identity_at.http.post("/oauth/token", data=form), "invalid_target")
    clock.advance(minutes=1)
    assert (await identity_at.refresh(token)).status_code == 200


async def test_another_clients_refresh_token_is_refused_and_its_session_stays_live(
    identity_at: Identity, databases: Databases
) -> None:
    grants, scopes, audiences = ["password", "refresh_token"], ["account"], [IDENTITY_URL]
    draft = ClientDraft("app", "App", None, grants, scopes, audiences, is_first_party=True)
    await Administration(identity_at.parts).create_client(draft)
    token = await refresh_token(identity_at, client_id="app")
    ensure_oauth_error(await identity_at.refresh(token), "invalid_grant")
    ensure_oauth_error(await identity_at.refresh(token, client_id="web"), "invalid_grant")
    assert len(await databases.fetch("identity_app", LIVE)) == 1
    assert (await identity_at.refresh(token, client_id="app")).status_code == 200


async def test_access_token_is_no_refresh_token(identity_at: Identity, databases: Databases) -> None:
    await identity_at.register("ada")
    answer = await identity_at.sign_in("ada", resource=IDENTITY_URL)
    ensure_oauth_error(await identity_at.refresh(answer["access_token"]), "invalid_grant")
    assert len(await databases.fetch("identity_app", LIVE)) == 1


async def test_refresh_token_is_no_access_token(identity_at: Identity) -> None:
    token = await refresh_token(identity_at)
    assert (await identity_at.http.get("/users/me", headers=bearer(token))).status_code == 401


async def test_access_token_has_the_roles_at_the_time_of_the_refresh(identity_at: Identity) -> None:
    token = await refresh_token(identity_at)
    for roles in (["moderator", "user"], ["user"], []):
        await Administration(identity_at.parts).set_roles("ada", roles)
        answer = (await identity_at.refresh(token)).json()
        token = answer["refresh_token"]
        assert claims_of(answer["access_token"])["roles"] == roles
        assert ("post:edit_any" in claims_of(answer["access_token"])["permissions"]) == ("moderator" in roles)


async def test_access_token_has_the_username_at_the_time_of_the_refresh(identity_at: Identity) -> None:
    answer = await register_and_sign_in(identity_at)
    await identity_at.http.patch("/users/me", json={"username": "countess"}, headers=bearer(answer["access_token"]))
    refreshed = (await identity_at.refresh(answer["refresh_token"])).json()
    assert claims_of(refreshed["access_token"])["preferred_username"] == "countess"


ENDINGS = {
    "deleted user": "DELETE FROM identity.users",
    "disabled user": "UPDATE identity.users SET is_active = false",
    "ended session": "UPDATE identity.sessions SET ended_at = now()",
    "deleted session": "DELETE FROM identity.sessions",
    "deleted token": "DELETE FROM identity.refresh_tokens",
    "deleted client": "DELETE FROM identity.clients WHERE id = 'app'",
}


@pytest.mark.parametrize("sql", ENDINGS.values(), ids=ENDINGS.keys())
async def test_refresh_token_of_a_deleted_or_ended_thing_is_refused(
    identity_at: Identity, databases: Databases, sql: str
) -> None:
    grants = ["password", "refresh_token"]
    draft = ClientDraft("app", "App", None, grants, ["account"], [IDENTITY_URL], is_first_party=True)
    await Administration(identity_at.parts).create_client(draft)
    token = await refresh_token(identity_at, client_id="app")
    await databases.fetch("identity_owner", sql)
    error, status = ("invalid_client", 401) if "clients" in sql else ("invalid_grant", 400)
    ensure_oauth_error(await identity_at.refresh(token, client_id="app"), error, status)


async def test_refresh_token_of_a_withdrawn_key_is_refused(identity_at: Identity, databases: Databases) -> None:
    token = await refresh_token(identity_at)
    await Administration(identity_at.parts).withdraw_keys([identity_at.parts.keyring.signer().kid])
    await identity_at.parts.keyring.check()
    ensure_oauth_error(await identity_at.refresh(token), "invalid_grant")
    assert len(await databases.fetch("identity_app", LIVE)) == 1


@pytest.mark.parametrize("garbage", ["x", "a.b.c", "..", "é", " ", "x" * 9_000, "eyJhbGciOiJub25lIn0.e30."])
async def test_garbage_is_no_refresh_token(identity_at: Identity, garbage: str) -> None:
    ensure_oauth_error(await identity_at.refresh(garbage), "invalid_grant")


async def test_changed_refresh_token_is_refused(identity_at: Identity) -> None:
    header, claims, signature = (await refresh_token(identity_at)).split(".")
    other = (await identity_at.sign_in("ada"))["refresh_token"].split(".")
    for forged in ((header, other[1], signature), (header, claims, other[2]), (header, claims, signature[:-4])):
        ensure_oauth_error(await identity_at.refresh(".".join(forged)), "invalid_grant")


async def test_refresh_without_a_token_is_malformed(identity_at: Identity) -> None:
    ensure_oauth_error(await identity_at.token(grant_type="refresh_token"), "invalid_request")
