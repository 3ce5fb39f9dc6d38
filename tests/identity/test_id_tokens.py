"""ID tokens (OpenID Connect Core section 2), and the claims that say how a person was authenticated."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from identity_service.tokens.reading import IdTokenHint
from tests.identity.answers import claims_of, ensure_oauth_error, header_of
from tests.identity.sessions_of_sign_ons import offer_openid, register_and_start
from tests.identity.signing_in import register_and_sign_in
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity, bearer
from watchword.testing import StandingClock

AUTHENTICATION = ("auth_time", "acr", "amr")
FORGET = "UPDATE identity.sessions SET authenticated_at = NULL, acr = NULL, amr = NULL"


def authentication_in(token: str) -> list[Any]:
    return [claims_of(token).get(name) for name in AUTHENTICATION]


async def test_id_token_has_exactly_these_claims(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    signed_on_at = int(clock.now().timestamp())
    _, tokens = await register_and_start(identity_at, databases, nonce="of-the-client")
    clock.advance(minutes=2)
    access = claims_of(tokens["access_token"])
    hashed = sha256(tokens["access_token"].encode()).digest()[:16]
    assert header_of(tokens["id_token"]) == {**header_of(tokens["access_token"]), "typ": "JWT"}
    assert claims_of(tokens["id_token"]) == {
        **{name: access[name] for name in ("iss", "sub", "sid", "iat", "exp", *AUTHENTICATION)},
        "aud": "web",
        "nonce": "of-the-client",
        "at_hash": urlsafe_b64encode(hashed).decode().rstrip("="),
    }
    assert authentication_in(tokens["access_token"]) == [signed_on_at, "pwd", ["pwd"]]


async def test_id_token_needs_the_scope_openid(identity: Identity, databases: Databases) -> None:
    await offer_openid(databases)
    _, tokens = await register_and_start(identity, databases, scopes=["account", "posts:write"])
    assert "id_token" not in tokens
    assert "id_token" not in (await identity.refresh(tokens["refresh_token"])).json()
    assert "id_token" not in await identity.sign_in("ada", scope="posts:write")
    assert "id_token" in await identity.sign_in("ada", scope="openid")


async def test_refresh_keeps_the_authentication_and_gives_an_id_token_without_the_nonce(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    _, first = await register_and_start(identity_at, databases, nonce="of-the-client")
    clock.advance(minutes=9)
    second = (await identity_at.refresh(first["refresh_token"])).json()
    before, after = claims_of(first["id_token"]), claims_of(second["id_token"])
    assert {name for name in before if before[name] != after.get(name)} == {"iat", "exp", "nonce", "at_hash"}
    assert "nonce" not in after
    assert authentication_in(first["access_token"]) == authentication_in(second["access_token"])
    narrowed = (await identity_at.refresh(second["refresh_token"], scope="account")).json()
    assert "id_token" not in narrowed


async def test_password_grant_is_its_own_authentication(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    tokens = await register_and_sign_in(identity_at)
    began = int(clock.now().timestamp())
    clock.advance(minutes=5)
    for _ in range(2):
        assert authentication_in(tokens["access_token"]) == [began, "pwd", ["pwd"]]
        tokens = (await identity_at.refresh(tokens["refresh_token"])).json()
        # As a row of the previous release.
        await databases.execute("identity_owner", FORGET)
    refreshed = (await identity_at.refresh(tokens["refresh_token"])).json()
    assert authentication_in(refreshed["access_token"]) == [began, "pwd", ["pwd"]]


async def test_openid_alone_decides_the_audience_if_no_resource_does(identity: Identity, databases: Databases) -> None:
    await offer_openid(databases)
    await identity.register("ada")
    audiences = {"openid posts:write": IDENTITY_URL, "posts:write account": POSTS_URL}
    for scope, audience in audiences.items():
        tokens = await identity.sign_in("ada", scope=scope)
        assert claims_of(tokens["access_token"])["aud"] == audience
        refreshed = (await identity.refresh(tokens["refresh_token"])).json()
        assert claims_of(refreshed["access_token"])["aud"] == audience
    tokens = await identity.sign_in("ada", scope="openid posts:write", resource=POSTS_URL)
    assert (claims_of(tokens["access_token"])["aud"], tokens["scope"]) == (POSTS_URL, "posts:write")
    assert claims_of((await identity.sign_in("ada"))["access_token"])["aud"] == POSTS_URL


async def test_id_token_is_no_access_token_and_no_refresh_token_and_these_are_no_id_tokens(
    identity: Identity, databases: Databases
) -> None:
    _, tokens = await register_and_start(identity, databases)
    id_token = tokens["id_token"]
    assert (await identity.http.get("/users/me", headers=bearer(id_token))).status_code == 401
    ensure_oauth_error(await identity.refresh(id_token), "invalid_grant")
    assert (await identity.http.post("/oauth/revoke", data={"client_id": "web", "token": id_token})).status_code == 200
    assert (await identity.refresh(tokens["refresh_token"])).status_code == 200
    reader = identity.parts.token_reader
    for hint in (tokens["access_token"], tokens["refresh_token"], "", "x", "a.b.c", "x" * 10_000):
        assert await reader.read_id_token_hint(hint) is None


async def test_id_token_hint_names_its_session_even_when_it_has_expired(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    _, tokens = await register_and_start(identity_at, databases)
    claims = claims_of(tokens["id_token"])
    hint = IdTokenHint(UUID(claims["sub"]), UUID(claims["sid"]), "web")
    reader = identity_at.parts.token_reader
    assert await reader.read_id_token_hint(tokens["id_token"]) == hint
    clock.advance(hours=1)
    assert await reader.read_id_token_hint(tokens["id_token"]) == hint


@pytest.mark.parametrize("claims", [{"iss": "https://other.example"}, {"sub": "ada"}, {"sid": None}, {"aud": ["web"]}])
async def test_id_token_hint_with_another_claim_is_none_of_ours(identity: Identity, claims: dict[str, Any]) -> None:
    good = {"iss": IDENTITY_URL, "sub": str(UUID(int=1)), "sid": str(UUID(int=2)), "aud": "web"}
    signer, reader = identity.parts.keyring.signer(), identity.parts.token_reader
    assert await reader.read_id_token_hint(signer.sign(good, "JWT")) is not None
    assert await reader.read_id_token_hint(signer.sign({**good, **claims}, "JWT")) is None
    forged = signer.sign(good, "JWT").rpartition(".")[0] + "." + signer.sign(claims, "JWT").rpartition(".")[2]
    assert await reader.read_id_token_hint(forged) is None
