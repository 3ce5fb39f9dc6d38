"""The metadata of the authorization server (RFC 8414) and OpenID provider, and which browser pages may call it."""

import pytest

from identity_service.clients.grant_types import GrantType
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity

METADATA = "/.well-known/oauth-authorization-server"
PROVIDER = "/.well-known/openid-configuration"
OF_PROVIDER = {
    "scopes_supported": ["openid", "profile", "email", "offline_access"],
    "claims_supported": [
        *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"),
        *("name", "preferred_username", "updated_at", "email", "email_verified"),
    ],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "acr_values_supported": ["pwd", "mfa", "phr"],
    "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
    "claims_parameter_supported": False,
    "request_parameter_supported": False,
    "request_uri_parameter_supported": False,
}


@pytest.mark.parametrize("path", [METADATA, PROVIDER])
async def test_metadata_names_endpoints_grants_and_ways_of_authentication(identity: Identity, path: str) -> None:
    response = await identity.http.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json() == {
        "issuer": IDENTITY_URL,
        "authorization_endpoint": f"{IDENTITY_URL}/oauth/authorize",
        "token_endpoint": f"{IDENTITY_URL}/oauth/token",
        "userinfo_endpoint": f"{IDENTITY_URL}/oauth/userinfo",
        "jwks_uri": f"{IDENTITY_URL}/.well-known/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "grant_types_supported": [
            "password",
            "authorization_code",
            "refresh_token",
            "client_credentials",
            GrantType.DEVICE_CODE,
        ],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint": f"{IDENTITY_URL}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint": f"{IDENTITY_URL}/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "end_session_endpoint": f"{IDENTITY_URL}/oauth/logout",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "device_authorization_endpoint": f"{IDENTITY_URL}/oauth/device_authorization",
        "service_documentation": f"{IDENTITY_URL}/docs",
        **OF_PROVIDER,
    }


async def test_every_address_in_the_metadata_answers(identity: Identity) -> None:
    metadata = (await identity.http.get(METADATA)).json()
    assert (await identity.http.get(metadata["jwks_uri"])).status_code == 200
    assert (await identity.http.get(metadata["service_documentation"])).status_code == 200
    assert (await identity.http.post(metadata["token_endpoint"])).status_code == 400
    assert (await identity.http.get(metadata["authorization_endpoint"])).status_code == 400
    assert (await identity.http.get(metadata["end_session_endpoint"])).status_code == 303
    assert (await identity.http.get(metadata["userinfo_endpoint"])).status_code == 401


async def test_tokens_are_issued_by_the_issuer_in_the_metadata(identity: Identity) -> None:
    await identity.register("ada")
    answer = await identity.sign_in("ada", resource=IDENTITY_URL)
    principal = await identity.parts.verifier.verify(answer["access_token"])
    assert identity.parts.verifier.issuer == (await identity.http.get(METADATA)).json()["issuer"]
    assert principal.username == "ada"


def preflight(origin: str, method: str = "POST", headers: str = "authorization") -> dict[str, str]:
    return {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("/oauth/token", "POST", "authorization"),
        ("/oauth/token", "POST", "content-type"),
        ("/users/me", "PATCH", "authorization, content-type"),
        ("/users/me", "DELETE", "authorization"),
        ("/users/me/password", "PUT", "authorization"),
    ],
)
async def test_page_of_a_configured_origin_may_call(identity: Identity, path: str, method: str, headers: str) -> None:
    response = await identity.http.options(path, headers=preflight(POSTS_URL, method, headers))
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == POSTS_URL
    assert method in response.headers["access-control-allow-methods"]
    assert "Authorization" in response.headers["access-control-allow-headers"]


ELSEWHERE = ["http://evil.example", "null", POSTS_URL + ".evil.example", "https://localhost:8002", "http://localhost"]


@pytest.mark.parametrize("origin", ELSEWHERE)
async def test_page_of_another_origin_may_not(identity: Identity, origin: str) -> None:
    preflighted = await identity.http.options("/oauth/token", headers=preflight(origin))
    assert "access-control-allow-origin" not in preflighted.headers
    sent = await identity.http.post("/oauth/token", headers={"Origin": origin})
    assert "access-control-allow-origin" not in sent.headers


async def test_page_of_a_configured_origin_can_read_answers_and_refusals(identity: Identity) -> None:
    for path in (METADATA, "/users/me", "/nowhere"):
        response = await identity.http.get(path, headers={"Origin": POSTS_URL})
        assert response.headers["access-control-allow-origin"] == POSTS_URL
        assert "WWW-Authenticate" in response.headers["access-control-expose-headers"]
