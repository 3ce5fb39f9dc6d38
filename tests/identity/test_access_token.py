"""The claims of access tokens (RFC 9068 section 2) and refresh tokens."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

from identity_service.administration import Administration
from identity_service.roles.permissions import ADMINISTER
from tests.identity.answers import claims_of, header_of
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_SECRET, POSTS_URL, Identity
from watchword.testing import StandingClock


async def test_header_has_the_kind_and_the_thumbprint_of_the_published_key(identity: Identity) -> None:
    await identity.register("ada")
    answer = await identity.sign_in("ada")
    (key,) = (await identity.http.get("/.well-known/jwks.json")).json()["keys"]
    canonical = json.dumps({name: key[name] for name in ("e", "kty", "n")}, separators=(",", ":"), sort_keys=True)
    thumbprint = urlsafe_b64encode(sha256(canonical.encode()).digest()).rstrip(b"=").decode()
    assert header_of(answer["access_token"]) == {"alg": "RS256", "typ": "at+jwt", "kid": thumbprint}
    assert header_of(answer["refresh_token"]) == {"alg": "RS256", "typ": "rt+jwt", "kid": thumbprint}


async def test_access_token_has_exactly_these_claims(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    user_id = await identity_at.register("ada")
    claims = claims_of((await identity_at.sign_in("ada"))["access_token"])
    now = int(clock.now().timestamp())
    (session,) = await databases.fetch("identity_app", "SELECT id FROM identity.sessions")
    assert str(UUID(claims.pop("jti")))
    assert claims == {
        "iss": IDENTITY_URL,
        "aud": POSTS_URL,
        "sub": user_id,
        "client_id": "web",
        "iat": now,
        "exp": now + 600,
        "sid": str(session["id"]),
        "auth_time": now,
        "acr": "pwd",
        "amr": ["pwd"],
        "scope": "posts:write",
        "roles": ["user"],
        "permissions": [],
        "preferred_username": "ada",
        "ver": 0,
        "rver": 0,
    }


async def test_no_two_tokens_have_the_same_id(identity: Identity) -> None:
    await identity.register("ada")
    tokens = [await identity.sign_in("ada") for _ in range(3)]
    assert len({claims_of(answer[kind])["jti"] for answer in tokens for kind in ("access_token", "refresh_token")}) == 6


async def test_refresh_token_is_for_the_issuer_and_has_exactly_these_claims(
    identity_at: Identity, clock: StandingClock
) -> None:
    user_id = await identity_at.register("ada")
    answer = await identity_at.sign_in("ada")
    access, refresh = claims_of(answer["access_token"]), claims_of(answer["refresh_token"])
    now = int(clock.now().timestamp())
    assert str(UUID(refresh.pop("jti")))
    assert refresh == {
        "iss": IDENTITY_URL,
        "aud": IDENTITY_URL,
        "sub": user_id,
        "client_id": "web",
        "iat": now,
        "exp": now + 14 * 24 * 3600,
        "sid": access["sid"],
    }


async def test_no_token_holds_the_email_address(identity: Identity) -> None:
    await identity.register("ada")
    answer = await identity.sign_in("ada@example.com")
    for kind in ("access_token", "refresh_token"):
        assert "example.com" not in json.dumps(claims_of(answer[kind]))


async def test_roles_and_their_permissions_are_in_the_token(identity: Identity) -> None:
    await identity.register("ada")
    await Administration(identity.parts).set_roles("ada", ["moderator", "user", "admin"])
    claims = claims_of((await identity.sign_in("ada"))["access_token"])
    assert claims["roles"] == ["admin", "moderator", "user"]
    moderation = ["comment:delete_any", "post:delete_any", "post:edit_any", "post:unpublish_any"]
    assert claims["permissions"] == sorted([*moderation, ADMINISTER])


async def test_user_without_any_role_gets_none(identity: Identity) -> None:
    await identity.register("ada")
    await Administration(identity.parts).set_roles("ada", [])
    claims = claims_of((await identity.sign_in("ada"))["access_token"])
    assert (claims["roles"], claims["permissions"]) == ([], [])


async def test_service_speaks_for_itself_without_session_or_refresh_token(identity: Identity) -> None:
    form = {"grant_type": "client_credentials", "client_id": "posts", "client_secret": POSTS_SECRET}
    answer = (await identity.token(**form)).json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    claims = claims_of(answer["access_token"])
    assert set(claims) == {"iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope"}
    assert (claims["sub"], claims["client_id"], claims["aud"]) == ("posts", "posts", IDENTITY_URL)
    assert claims["scope"] == "ssf.manage ssf.read"
