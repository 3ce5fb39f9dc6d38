"""Identity's own routes require more than a valid token: its session must be live and its user active."""

from datetime import timedelta

import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from tests.identity.answers import ensure_problem
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_SECRET, POSTS_URL, Identity, bearer
from watchword.testing import StandingClock

ENDINGS = {
    "ended session": "UPDATE identity.sessions SET ended_at = now(), end_reason = 'replay'",
    "expired session": "UPDATE identity.sessions SET expires_at = now() - interval '1 second'",
    "deleted session": "DELETE FROM identity.sessions",
    "disabled user": "UPDATE identity.users SET is_active = false",
    "deleted user": "DELETE FROM identity.users",
}


@pytest.mark.parametrize("sql", ENDINGS.values(), ids=ENDINGS.keys())
async def test_valid_token_is_refused_if_its_session_or_user_is_gone(
    identity: Identity, databases: Databases, sql: str
) -> None:
    headers = await identity.signed_in("ada")
    assert (await identity.http.get("/users/me", headers=headers)).status_code == 200
    await databases.execute("identity_owner", sql)
    response = await identity.http.get("/users/me", headers=headers)
    ensure_problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"] == 'Bearer realm="watchword", error="invalid_token"'


async def test_token_without_the_scope_account_is_refused(identity: Identity) -> None:
    await identity.register("ada")
    draft = ClientDraft("app", "App", None, ["password"], ["ssf.read"], [IDENTITY_URL], is_first_party=True)
    await Administration(identity.parts).create_client(draft)
    token = (await identity.sign_in("ada", client_id="app"))["access_token"]
    response = await identity.http.get("/users/me", headers=bearer(token))
    ensure_problem(response, 403, "insufficient_scope")
    challenge = 'Bearer realm="watchword", error="insufficient_scope", scope="account"'
    assert response.headers["www-authenticate"] == challenge


async def test_token_of_a_service_is_refused_on_the_routes_of_a_person(identity: Identity) -> None:
    own = ["client_credentials"], ["account"], [IDENTITY_URL]
    await Administration(identity.parts).create_client(ClientDraft("robot", "Robot", POSTS_SECRET, *own))
    form = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": POSTS_SECRET}
    token = (await identity.token(**form)).json()["access_token"]
    ensure_problem(await identity.http.get("/users/me", headers=bearer(token)), 403, "not_permitted")


async def test_service_without_the_scope_account_is_refused(identity: Identity) -> None:
    form = {"grant_type": "client_credentials", "client_id": "posts", "client_secret": POSTS_SECRET}
    token = (await identity.token(**form)).json()["access_token"]
    ensure_problem(await identity.http.get("/users/me", headers=bearer(token)), 403, "insufficient_scope")


async def test_token_for_another_audience_alone_is_refused(identity: Identity) -> None:
    await identity.register("ada")
    token = (await identity.sign_in("ada", resource=POSTS_URL))["access_token"]
    ensure_problem(await identity.http.get("/users/me", headers=bearer(token)), 401, "unauthenticated")


async def test_expired_token_is_refused(identity_at: Identity, clock: StandingClock) -> None:
    headers = await identity_at.signed_in("ada")
    clock.advance(seconds=timedelta(minutes=10).total_seconds() + 5)
    ensure_problem(await identity_at.http.get("/users/me", headers=headers), 401, "unauthenticated")


async def test_malformed_body_without_a_token_is_unauthenticated(identity: Identity) -> None:
    response = await identity.http.patch("/users/me", content=b"{")
    ensure_problem(response, 401, "unauthenticated")
