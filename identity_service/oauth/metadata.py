"""The metadata of this authorization server (RFC 8414), which is an OpenID provider too (Discovery 1.0)."""

from collections.abc import Sequence
from typing import Any, Final

from identity_service.clients.scopes import EMAIL, OFFLINE_ACCESS, OPENID, PROFILE
from identity_service.oauth.authorization.answers import ResponseMode
from identity_service.oauth.authorization.request import PROMPTS
from watchword.auth.assurance import LEVELS

SERVER: Final = "/.well-known/oauth-authorization-server"
PROVIDER: Final = "/.well-known/openid-configuration"
ENDPOINT: Final = "/oauth/token"
AUTHORIZATION: Final = "/oauth/authorize"
USERINFO: Final = "/oauth/userinfo"
REVOCATION: Final = "/oauth/revoke"
INTROSPECTION: Final = "/oauth/introspect"
LOGOUT: Final = "/oauth/logout"
DEVICE_AUTHORIZATION: Final = "/oauth/device_authorization"
_CONFIDENTIAL: Final = ["client_secret_basic", "client_secret_post"]
_OF_ID_TOKEN: Final = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid")
_OF_USERINFO: Final = ("name", "preferred_username", "updated_at", "email", "email_verified")


def describe(issuer: str, grant_types: Sequence[str]) -> dict[str, Any]:
    """The metadata document of RFC 8414 and of OpenID Connect Discovery: clients of one ignore what the other adds."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}{AUTHORIZATION}",
        "token_endpoint": f"{issuer}{ENDPOINT}",
        "userinfo_endpoint": f"{issuer}{USERINFO}",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": [mode.value for mode in ResponseMode],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "grant_types_supported": list(grant_types),
        "token_endpoint_auth_methods_supported": [*_CONFIDENTIAL, "none"],
        "revocation_endpoint": f"{issuer}{REVOCATION}",
        "revocation_endpoint_auth_methods_supported": [*_CONFIDENTIAL, "none"],
        "introspection_endpoint": f"{issuer}{INTROSPECTION}",
        "introspection_endpoint_auth_methods_supported": _CONFIDENTIAL,
        "end_session_endpoint": f"{issuer}{LOGOUT}",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "device_authorization_endpoint": f"{issuer}{DEVICE_AUTHORIZATION}",
        "service_documentation": f"{issuer}/docs",
        **_PROVIDER,
    }


_PROVIDER: Final = {
    "scopes_supported": [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS],
    "claims_supported": [*_OF_ID_TOKEN, *_OF_USERINFO],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "acr_values_supported": list(LEVELS),
    "prompt_values_supported": list(PROMPTS),
    "claims_parameter_supported": False,
    "request_parameter_supported": False,
    # Its default is true (OpenID Connect Discovery section 3).
    "request_uri_parameter_supported": False,
}
"""The members that only OpenID Connect Discovery describes, except for its endpoints. Scopes of other services are left
out."""
