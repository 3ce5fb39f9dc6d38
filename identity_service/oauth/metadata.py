"""The metadata of this authorization server (RFC 8414)."""

from collections.abc import Sequence
from typing import Any, Final

from identity_service.oauth.authorization.answers import ResponseMode

SERVER: Final = "/.well-known/oauth-authorization-server"
ENDPOINT: Final = "/oauth/token"
AUTHORIZATION: Final = "/oauth/authorize"
REVOCATION: Final = "/oauth/revoke"
INTROSPECTION: Final = "/oauth/introspect"
LOGOUT: Final = "/oauth/logout"
_CONFIDENTIAL: Final = ["client_secret_basic", "client_secret_post"]


def describe(issuer: str, grant_types: Sequence[str]) -> dict[str, Any]:
    """The metadata document."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}{AUTHORIZATION}",
        "token_endpoint": f"{issuer}{ENDPOINT}",
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
        "service_documentation": f"{issuer}/docs",
    }
