"""POST /oauth/introspect (RFC 7662): whether a token is valid now."""

from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from identity_service.services.edits import ServiceEdit
from tests.identity.answers import claims_of, ensure_oauth_error
from tests.identity.signing_in import register_and_sign_in
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_SECRET, POSTS_URL, Identity, bearer
from watchword.testing import StandingClock

READER = {"client_id": "reader", "client_secret": POSTS_SECRET}
POSTS = {"client_id": "posts", "client_secret": POSTS_SECRET}
KINDS = ["access_token", "refresh_token"]


async def add_reader(identity: Identity) -> Identity:
    """Make the client `reader`, which may ask about tokens for posts, and with which people sign in."""
    administration = Administration(identity.parts)
    grants, scopes = ["password", "refresh_token", "client_credentials"], ["posts:write", "account", "introspect"]
    draft = ClientDraft(
        "reader", "Reader", POSTS_SECRET, grants, scopes, [POSTS_URL, IDENTITY_URL], is_first_party=True
    )
    await administration.create_client(draft)
    await administration.change_service(POSTS_URL, ServiceEdit(client_id="reader"))
    return identity


@pytest.fixture
async def identity(identity: Identity) -> Identity:
    return await add_reader(identity)


@pytest.fixture
async def identity_at(identity_at: Identity) -> Identity:
    return await add_reader(identity_at)


async def sign_in(identity: Identity, **form: str) -> dict[str, Any]:
    """The tokens of the new user `ada`, for posts."""
    return await register_and_sign_in(identity, **{"resource": POSTS_URL, **READER, **form})


async def introspect(identity: Identity, token: str, **form: str) -> httpx.Response:
    return await identity.http.post("/oauth/introspect", data={**READER, "token": token, **form})


async def description(identity: Identity, token: str, **form: str) -> dict[str, Any]:
    response = await introspect(identity, token, **form)
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store"), response.text
    assert response.headers["content-type"] == "application/json"
    return dict(response.json())


async def ensure_inactive(identity: Identity, *tokens: str) -> None:
    """Each token is not active, and the answer says no more (section 2.2)."""
    for token in tokens:
        assert await description(identity, token) == {"active": False}


async def test_access_token_is_described(identity: Identity) -> None:
    token = (await sign_in(identity))["access_token"]
    claims = claims_of(token)
    username = claims.pop("preferred_username")
    assert await description(identity, token) == {
        **claims,
        "active": True,
        "token_type": "Bearer",
        "username": username,
    }


async def test_refresh_token_is_active_until_it_is_traded_in(identity: Identity) -> None:
    token = (await sign_in(identity))["refresh_token"]
    described = await description(identity, token)
    assert described == {**claims_of(token), "active": True}, "a refresh token is no bearer token"
    successor = (await identity.refresh(token, **READER)).json()["refresh_token"]
    await ensure_inactive(identity, token)
    assert (await description(identity, successor))["active"] is True


async def test_services_own_token_is_shown_to_the_service_that_it_is_for(identity: Identity) -> None:
    form = {"grant_type": "client_credentials", "resource": POSTS_URL, **READER}
    described = await description(identity, (await identity.token(**form)).json()["access_token"])
    assert (described["active"], described["sub"], described["client_id"]) == (True, "reader", "reader")
    assert "username" not in described


async def test_token_for_another_service_is_shown_to_nobody(identity: Identity) -> None:
    await ensure_inactive(identity, (await sign_in(identity, resource=IDENTITY_URL))["access_token"])


async def test_tokens_of_another_client_are_shown_only_to_the_service_that_they_are_for(identity: Identity) -> None:
    tokens = await sign_in(identity, client_id="web", client_secret="")
    assert (await description(identity, tokens["access_token"]))["client_id"] == "web"
    await ensure_inactive(identity, tokens["refresh_token"])


async def test_client_of_no_service_learns_nothing_of_the_tokens_of_others(identity: Identity) -> None:
    tokens = await sign_in(identity)
    draft = ClientDraft("other", "Other", POSTS_SECRET, ["client_credentials"], ["introspect"], [IDENTITY_URL])
    await Administration(identity.parts).create_client(draft)
    for kind in KINDS:
        assert await description(identity, tokens[kind], client_id="other") == {"active": False}


async def test_token_of_an_earlier_release_is_shown_to_each_service_of_its_audience(identity: Identity) -> None:
    claims = claims_of((await sign_in(identity))["access_token"])
    for audiences, is_active in (([IDENTITY_URL, POSTS_URL], True), ([IDENTITY_URL], False)):
        token = identity.parts.keyring.signer().sign({**claims, "aud": audiences}, "at+jwt")
        assert (await description(identity, token))["active"] is is_active


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "unknown"])
@pytest.mark.parametrize("kind", KINDS)
async def test_hint_makes_no_difference(identity: Identity, kind: str, hint: str) -> None:
    tokens = await sign_in(identity)
    assert (await description(identity, tokens[kind], token_type_hint=hint))["active"] is True


@pytest.mark.parametrize("token", ["unknown", "a.b.c", "ü", "a\x00b", "x" * 20_000])
async def test_garbage_is_inactive(identity: Identity, token: str) -> None:
    await ensure_inactive(identity, token)


@pytest.mark.parametrize("token", ["a%ffb", "a\xffb", "%ed%a0%80"])
@pytest.mark.parametrize(("endpoint", "answer"), [("introspect", b'{"active":false}'), ("revoke", b"")])
async def test_token_that_is_no_text_is_no_error(identity: Identity, endpoint: str, answer: bytes, token: str) -> None:
    body = f"{urlencode(READER)}&token={token}".encode("latin-1")
    form = {"content-type": "application/x-www-form-urlencoded"}
    response = await identity.http.post(f"/oauth/{endpoint}", content=body, headers=form)
    assert (response.status_code, response.content) == (200, answer)


async def test_token_with_a_wrong_signature_is_inactive(identity: Identity) -> None:
    head, _, signature = (await sign_in(identity))["access_token"].rpartition(".")
    await ensure_inactive(identity, f"{head}.{signature[::-1]}")


async def test_tokens_of_an_ended_session_are_inactive(identity: Identity) -> None:
    tokens = await sign_in(identity)
    own = (await identity.refresh(tokens["refresh_token"], resource=IDENTITY_URL, **READER)).json()
    await identity.http.delete("/sessions/current", headers=bearer(own["access_token"]))
    await ensure_inactive(identity, tokens["access_token"], own["refresh_token"])


async def test_revoked_tokens_are_inactive(identity: Identity) -> None:
    tokens = await sign_in(identity)
    await identity.http.post("/oauth/revoke", data={"token": tokens["refresh_token"], **READER})
    await ensure_inactive(identity, *(tokens[kind] for kind in KINDS))


async def test_tokens_of_a_disabled_user_are_inactive(identity: Identity) -> None:
    tokens = await sign_in(identity)
    await Administration(identity.parts).set_active("ada", False)
    await ensure_inactive(identity, *(tokens[kind] for kind in KINDS))


async def test_tokens_of_a_deleted_user_are_inactive(identity: Identity) -> None:
    tokens = await sign_in(identity)
    own = (await identity.refresh(tokens["refresh_token"], resource=IDENTITY_URL, **READER)).json()
    await identity.http.delete("/users/me", headers=bearer(own["access_token"]))
    await ensure_inactive(identity, tokens["access_token"], own["refresh_token"])


async def test_access_token_from_before_a_change_of_roles_is_inactive(identity: Identity) -> None:
    tokens = await sign_in(identity)
    await Administration(identity.parts).set_roles("ada", ["user", "moderator"])
    await ensure_inactive(identity, tokens["access_token"])
    assert (await description(identity, tokens["refresh_token"]))["active"] is True
    fresh = (await identity.refresh(tokens["refresh_token"], **READER)).json()["access_token"]
    assert (await description(identity, fresh))["roles"] == ["moderator", "user"]


async def test_expired_tokens_are_inactive(identity_at: Identity, clock: StandingClock, databases: Databases) -> None:
    tokens = await sign_in(identity_at)
    clock.advance(minutes=11)
    await ensure_inactive(identity_at, tokens["access_token"])
    assert (await description(identity_at, tokens["refresh_token"]))["active"] is True
    clock.advance(days=14)
    await ensure_inactive(identity_at, tokens["refresh_token"])


REFUSED = {
    "public client": {"client_id": "web", "client_secret": ""},
    "no client named": {"client_id": "", "client_secret": ""},
    "no secret": {"client_secret": ""},
    "wrong secret": {"client_secret": "wrong"},
    "unknown client": {"client_id": "nobody"},
    "client without the scope": POSTS,
}


@pytest.mark.parametrize("form", REFUSED.values(), ids=REFUSED.keys())
async def test_only_clients_with_the_scope_and_their_secret_may_ask(identity: Identity, form: dict[str, str]) -> None:
    token = (await sign_in(identity))["access_token"]
    ensure_oauth_error(await introspect(identity, token, **form), "invalid_client", 401)


@pytest.mark.parametrize("form", [{"token_type_hint": "a\x00b"}, {"client_id": "read\x00er"}, {"scope": "\x00"}])
async def test_nul_in_another_parameter_than_the_token_is_malformed(identity: Identity, form: dict[str, str]) -> None:
    ensure_oauth_error(await introspect(identity, "unknown", **form), "invalid_request")


async def test_request_without_a_token_is_invalid(identity: Identity) -> None:
    ensure_oauth_error(await introspect(identity, ""), "invalid_request")


async def test_metadata_names_the_endpoint_which_takes_no_get(identity: Identity) -> None:
    metadata = (await identity.http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["introspection_endpoint"] == f"{IDENTITY_URL}/oauth/introspect"
    assert metadata["introspection_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post"]
    assert (await identity.http.get(metadata["introspection_endpoint"])).status_code == 405
