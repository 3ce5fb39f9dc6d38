"""The UserInfo endpoint (OpenID Connect Core section 5.3): what a client may know of the person who signed in."""

import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from tests.identity.answers import claims_of, ensure_problem
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_SECRET, POSTS_URL, Identity, bearer

PATH = "/oauth/userinfo"
CHANGE = """UPDATE identity.users
SET full_name = NULL, username = 'countess', email_verified_at = now(), updated_at = '2000-01-01Z'"""
SCOPES = ["openid", "profile", "email", "account"]


async def sign_in(identity: Identity, scope: str) -> dict[str, str]:
    """Register ada, and return the header with her token for a client of this installation."""
    draft = ClientDraft("app", "App", None, ["password"], SCOPES, [IDENTITY_URL], is_first_party=True)
    await Administration(identity.parts).create_client(draft)
    person = {"username": "ada", "email": "ada@example.com", "password": "correct horse battery", "full_name": "Ada L."}
    assert (await identity.http.post("/users", json=person)).status_code == 201
    return bearer((await identity.sign_in("ada", client_id="app", scope=scope))["access_token"])


@pytest.mark.parametrize(
    ("scope", "members"),
    [
        ("openid", set()),
        ("openid profile", {"name", "preferred_username", "updated_at"}),
        ("openid email account", {"email", "email_verified"}),
        ("openid profile email", {"name", "preferred_username", "updated_at", "email", "email_verified"}),
    ],
)
async def test_scopes_say_which_claims_a_client_reads(identity: Identity, scope: str, members: set[str]) -> None:
    headers = await sign_in(identity, scope)
    answers = [await identity.http.get(PATH, headers=headers), await identity.http.post(PATH, headers=headers)]
    for answer in answers:
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert answer.json().keys() == {"sub"} | members
    assert answers[0].json() == answers[1].json()


async def test_claims_are_those_of_the_person_now(identity: Identity, databases: Databases) -> None:
    headers = await sign_in(identity, "openid profile email")
    claims = (await identity.http.get(PATH, headers=headers)).json()
    token = claims_of(headers["Authorization"].removeprefix("Bearer "))
    assert claims.pop("sub") == token["sub"]
    assert isinstance(claims.pop("updated_at"), int)
    expected = {"name": "Ada L.", "preferred_username": "ada", "email": "ada@example.com", "email_verified": False}
    assert claims == expected
    await databases.execute("identity_owner", CHANGE)
    claims = (await identity.http.get(PATH, headers=headers)).json()
    assert (claims["preferred_username"], claims["email_verified"], claims["updated_at"]) == (
        "countess",
        True,
        946684800,
    )
    assert "name" not in claims


async def test_token_without_openid_is_refused(identity: Identity) -> None:
    headers = await sign_in(identity, "account")
    answer = await identity.http.get(PATH, headers=headers)
    ensure_problem(answer, 403, "insufficient_scope")
    assert 'error="insufficient_scope", scope="openid"' in answer.headers["www-authenticate"]


async def test_request_without_a_valid_token_is_refused(identity: Identity) -> None:
    token = (await sign_in(identity, "openid"))["Authorization"].removeprefix("Bearer ")
    assert (await identity.http.get(PATH)).headers["www-authenticate"] == 'Bearer realm="watchword"'
    assert (await identity.http.post(PATH, data={"access_token": token})).status_code == 401
    assert (await identity.http.get(PATH, params={"access_token": token})).status_code == 401
    ensure_problem(await identity.http.get(PATH, headers=bearer(f"{token}x")), 401, "unauthenticated")
    of_posts = (await identity.sign_in("ada", resource=POSTS_URL))["access_token"]
    ensure_problem(await identity.http.get(PATH, headers=bearer(of_posts)), 401, "unauthenticated")


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE identity.sessions SET ended_at = now(), end_reason = 'signed_out'",
        "UPDATE identity.users SET is_active = false",
        "DELETE FROM identity.users",
    ],
)
async def test_ended_session_is_refused(identity: Identity, databases: Databases, end: str) -> None:
    headers = await sign_in(identity, "openid")
    await databases.execute("identity_owner", end)
    ensure_problem(await identity.http.get(PATH, headers=headers), 401, "unauthenticated")


async def test_service_is_no_person(identity: Identity) -> None:
    own = ClientDraft("robot", "Robot", POSTS_SECRET, ["client_credentials"], ["openid"], [IDENTITY_URL])
    await Administration(identity.parts).create_client(own)
    form = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": POSTS_SECRET}
    token = (await identity.token(**form)).json()["access_token"]
    ensure_problem(await identity.http.get(PATH, headers=bearer(token)), 403, "not_permitted")
