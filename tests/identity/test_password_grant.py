"""grant_type=password (RFC 6749 section 4.3): signing in."""

import logging

import httpx
import pytest

from identity_service.clients.grant_types import GrantType
from identity_service.settings import Settings
from tests.identity.answers import claims_of, ensure_oauth_error
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, POSTS_SECRET, POSTS_URL, Identity


async def try_to_sign_in(identity: Identity, username: str = "ada", **form: str) -> httpx.Response:
    return await identity.token(**{"grant_type": "password", "username": username, "password": PASSWORD, **form})


@pytest.mark.parametrize("login", ["Ada", "ada", "ADA", "Ada@example.com", "ada@EXAMPLE.com"])
async def test_user_signs_in_by_username_or_email_whatever_the_case(identity: Identity, login: str) -> None:
    user_id = await identity.register("Ada")
    assert claims_of((await identity.sign_in(login))["access_token"])["sub"] == user_id


async def test_answer_has_the_members_of_the_standard_and_forbids_caching(identity: Identity) -> None:
    await identity.register("ada")
    response = await try_to_sign_in(identity)
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 600, "posts:write")
    assert response.headers["content-type"] == "application/json"
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")


async def test_unknown_user_disabled_user_and_wrong_password_get_the_same_answer(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    await identity.register("eve")
    await databases.execute("identity_owner", "UPDATE identity.users SET is_active = false WHERE username = 'eve'")
    refusals = [
        await try_to_sign_in(identity, "ada", password="wrong horse battery"),
        await try_to_sign_in(identity, "eve"),
        await try_to_sign_in(identity, "eve", password="wrong horse battery"),
        await try_to_sign_in(identity, "nobody"),
        await try_to_sign_in(identity, "nobody@example.com"),
        await try_to_sign_in(identity, "x" * 257),
        await try_to_sign_in(identity, password="x" * 257),
        await try_to_sign_in(identity, "x' OR '1'='1"),
    ]
    for refusal in refusals:
        ensure_oauth_error(refusal, "invalid_grant")
    assert len({refusal.content for refusal in refusals}) == 1
    assert len({_without_request_id(refusal) for refusal in refusals}) == 1


async def test_refused_sign_in_starts_no_session(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await try_to_sign_in(identity, password="wrong horse battery")
    assert not await databases.fetch("identity_app", "SELECT 1 FROM identity.sessions")


@pytest.mark.parametrize(
    ("form", "scope"),
    [
        ({"scope": "posts:write"}, "posts:write"),
        ({"scope": "posts:write account"}, "posts:write"),
        ({"scope": "posts:write account", "resource": IDENTITY_URL}, "account"),
        ({"scope": "account account", "resource": IDENTITY_URL}, "account"),
        ({"resource": IDENTITY_URL}, "account"),
        ({"resource": POSTS_URL}, "posts:write"),
        ({}, "posts:write"),
    ],
)
async def test_token_carries_those_requested_scopes_that_belong_to_its_audience(
    identity: Identity, form: dict[str, str], scope: str
) -> None:
    await identity.register("ada")
    answer = await identity.sign_in("ada", **form)
    claims = claims_of(answer["access_token"])
    assert (answer["scope"], claims["scope"]) == (scope, scope)
    assert claims["aud"] == form.get("resource", POSTS_URL)


@pytest.mark.parametrize("form", [{"scope": "account"}, {"scope": "posts:write", "resource": IDENTITY_URL}])
async def test_request_without_a_scope_of_its_audience_is_refused_and_starts_no_session(
    identity: Identity, databases: Databases, form: dict[str, str]
) -> None:
    await identity.register("ada")
    ensure_oauth_error(await try_to_sign_in(identity, **form), "invalid_scope")
    assert not await databases.fetch("identity_app", "SELECT 1 FROM identity.sessions")


@pytest.mark.parametrize("scope", ["nothing", "account admin", "ACCOUNT", "account,posts:write", " ", "account\t"])
async def test_unknown_scope_is_refused(identity: Identity, scope: str) -> None:
    await identity.register("ada")
    ensure_oauth_error(await try_to_sign_in(identity, scope=scope), "invalid_scope")


@pytest.mark.parametrize("resources", [[POSTS_URL, IDENTITY_URL], [POSTS_URL, POSTS_URL]])
async def test_two_resources_are_refused_because_a_token_has_one_audience(
    identity: Identity, resources: list[str]
) -> None:
    await identity.register("ada")
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD, "resource": resources}
    ensure_oauth_error(await identity.http.post("/oauth/token", data=form), "invalid_target")


@pytest.mark.parametrize("resource", ["http://elsewhere.example", POSTS_URL + "/", "x", " "])
async def test_unknown_resource_is_refused(identity: Identity, resource: str) -> None:
    await identity.register("ada")
    ensure_oauth_error(await try_to_sign_in(identity, resource=resource), "invalid_target")


@pytest.mark.parametrize("missing", ["username", "password"])
async def test_username_and_password_are_needed(identity: Identity, missing: str) -> None:
    await identity.register("ada")
    ensure_oauth_error(await try_to_sign_in(identity, **{missing: ""}), "invalid_request")


@pytest.mark.parametrize("password", [PASSWORD, "a wrong password"])
async def test_password_grant_is_off_by_default_and_the_log_names_the_setting(
    clean_databases: Databases, caplog: pytest.LogCaptureFixture, password: str
) -> None:
    caplog.set_level(logging.INFO, "identity.oauth")
    default = Settings.model_fields["password_grant"].default
    async with services.identity(clean_databases, password_grant=default) as identity:
        await identity.register("ada")
        ensure_oauth_error(await try_to_sign_in(identity, password=password), "unsupported_grant_type")
        for path in ("oauth-authorization-server", "openid-configuration"):
            grants = (await identity.http.get(f"/.well-known/{path}")).json()["grant_types_supported"]
            assert set(grants) == set(GrantType) - {GrantType.PASSWORD}
    assert "refused: password, which IDENTITY_PASSWORD_GRANT=true offers (400 unsupported_grant_type)" in caplog.text
    assert not await clean_databases.fetch("identity_app", "SELECT 1 FROM identity.sessions")


@pytest.mark.parametrize("client_id", ["identity-docs", "posts-docs", "posts-pages", "posts"])
async def test_clients_that_sign_in_by_redirect_may_not_use_the_password_grant(
    identity: Identity, client_id: str
) -> None:
    await identity.register("ada")
    secret = {} if client_id.endswith("-docs") else {"client_secret": POSTS_SECRET}
    ensure_oauth_error(await try_to_sign_in(identity, client_id=client_id, **secret), "unauthorized_client")


def _without_request_id(response: httpx.Response) -> str:
    return repr(sorted((name, value) for name, value in response.headers.items() if name != "x-request-id"))
