"""POST /oauth/revoke (RFC 7009): revoking a token ends its whole session."""

from base64 import b64encode
from typing import Any

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from tests.identity.answers import ensure_oauth_error
from tests.identity.signing_in import ensure_ended, ensure_live, register_and_sign_in
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_SECRET, Identity, bearer
from watchword.testing import StandingClock

PARTNER = {"client_id": "partner", "client_secret": POSTS_SECRET}
SESSIONS = "SELECT end_reason FROM identity.sessions"


async def revoke(identity: Identity, token: str, **form: str) -> httpx.Response:
    return await identity.http.post("/oauth/revoke", data={"token": token, **form})


async def sign_in_with_partner(identity: Identity) -> dict[str, Any]:
    """The tokens of a user who signed in with a client that has a secret."""
    may = ["password", "refresh_token"], ["account"], [IDENTITY_URL]
    await Administration(identity.parts).create_client(
        ClientDraft("partner", "Partner", POSTS_SECRET, *may, is_first_party=True)
    )
    return await register_and_sign_in(identity, **PARTNER)


def ensure_done(response: httpx.Response) -> None:
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "unknown"])
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_either_token_ends_its_session_whatever_the_hint(identity: Identity, kind: str, hint: str) -> None:
    tokens = await register_and_sign_in(identity)
    ensure_done(await revoke(identity, tokens[kind], token_type_hint=hint))
    await ensure_ended(identity, tokens)


async def test_revocation_ends_no_other_session(identity: Identity, databases: Databases) -> None:
    tokens = await register_and_sign_in(identity)
    other = await identity.sign_in("ada", resource=IDENTITY_URL)
    ensure_done(await revoke(identity, tokens["refresh_token"]))
    await ensure_live(identity, other)
    reasons = [row["end_reason"] for row in await databases.fetch("identity_app", SESSIONS)]
    assert sorted(reasons, key=str) == [None, "revoked by its client"]


async def test_spent_refresh_token_ends_its_session_too(identity: Identity) -> None:
    spent = (await register_and_sign_in(identity))["refresh_token"]
    latest = (await identity.refresh(spent)).json()
    ensure_done(await revoke(identity, spent))
    await ensure_ended(identity, latest)


async def test_revoking_twice_has_no_further_effect(identity: Identity) -> None:
    tokens = await register_and_sign_in(identity)
    for _ in range(2):
        ensure_done(await revoke(identity, tokens["refresh_token"]))


@pytest.mark.parametrize("token", ["unknown", "a.b.c", "ü", "a\x00b", "x" * 20_000])
async def test_garbage_is_no_error_and_revokes_nothing(identity: Identity, token: str) -> None:
    tokens = await register_and_sign_in(identity)
    ensure_done(await revoke(identity, token))
    await ensure_live(identity, tokens)


async def test_token_with_a_wrong_signature_revokes_nothing(identity: Identity) -> None:
    tokens = await register_and_sign_in(identity)
    head, _, signature = tokens["refresh_token"].rpartition(".")
    ensure_done(await revoke(identity, f"{head}.{signature[::-1]}"))
    await ensure_live(identity, tokens)


async def test_expired_token_is_no_error(identity_at: Identity, clock: StandingClock) -> None:
    tokens = await register_and_sign_in(identity_at)
    clock.advance(minutes=11)
    ensure_done(await revoke(identity_at, tokens["access_token"]))


async def test_token_of_a_deleted_account_is_no_error(identity: Identity) -> None:
    tokens = await register_and_sign_in(identity)
    await identity.http.delete("/users/me", headers=bearer(tokens["access_token"]))
    for kind in ("access_token", "refresh_token"):
        ensure_done(await revoke(identity, tokens[kind]))


async def test_client_with_a_secret_revokes_its_own_tokens(identity: Identity) -> None:
    tokens = await sign_in_with_partner(identity)
    ensure_done(await revoke(identity, tokens["access_token"], **PARTNER))
    await ensure_ended(identity, tokens, **PARTNER)


async def test_client_may_authenticate_by_basic(identity: Identity) -> None:
    tokens = await sign_in_with_partner(identity)
    basic = {"Authorization": f"Basic {b64encode(f'partner:{POSTS_SECRET}'.encode()).decode()}"}
    ensure_done(await identity.http.post("/oauth/revoke", data={"token": tokens["refresh_token"]}, headers=basic))
    await ensure_ended(identity, tokens, **PARTNER)


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_another_clients_token_is_refused_and_stays_valid(identity: Identity, kind: str) -> None:
    tokens = await sign_in_with_partner(identity)
    ensure_oauth_error(await revoke(identity, tokens[kind], client_id="web"), "invalid_grant")
    await ensure_live(identity, tokens, **PARTNER)


@pytest.mark.parametrize("form", [{}, {"client_secret": "wrong"}, {"client_secret": ""}])
async def test_client_with_a_secret_must_prove_it(identity: Identity, form: dict[str, str]) -> None:
    tokens = await sign_in_with_partner(identity)
    refused = await revoke(identity, tokens["refresh_token"], client_id="partner", **form)
    ensure_oauth_error(refused, "invalid_client", 401)
    assert refused.headers["www-authenticate"].startswith("Basic ")
    await ensure_live(identity, tokens, **PARTNER)


async def test_services_own_token_cannot_be_revoked(identity: Identity) -> None:
    posts = {"client_id": "posts", "client_secret": POSTS_SECRET}
    token = (await identity.token(grant_type="client_credentials", **posts)).json()["access_token"]
    ensure_oauth_error(await revoke(identity, token, **posts), "unsupported_token_type")


async def test_request_without_a_token_is_invalid(identity: Identity) -> None:
    ensure_oauth_error(await identity.http.post("/oauth/revoke", data={"client_id": "web"}), "invalid_request")
    ensure_oauth_error(await identity.http.post("/oauth/revoke", json={"token": "x"}), "invalid_request")


async def test_metadata_names_the_endpoint(identity: Identity) -> None:
    metadata = (await identity.http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["revocation_endpoint"] == f"{IDENTITY_URL}/oauth/revoke"
    assert (await identity.http.get(metadata["revocation_endpoint"])).status_code == 405
