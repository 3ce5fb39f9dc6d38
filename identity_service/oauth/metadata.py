"""The metadata of this authorization server (RFC 8414)."""

from collections.abc import Sequence
from typing import Any, Final

ENDPOINT: Final = "/oauth/token"
AUTHORIZATION: Final = "/oauth/authorize"
REVOCATION: Final = "/oauth/revoke"
INTROSPECTION: Final = "/oauth/introspect"
_CONFIDENTIAL: Final = ["client_secret_basic", "client_secret_post"]
GRANTS: Final = ("password", "refresh_token", "client_credentials")
"""Every grant type; an installation may offer fewer."""


def describe(issuer: str, grant_types: Sequence[str]) -> dict[str, Any]:
    """The metadata document. There is no authorization endpoint, so no response type either; members without elements
    are left out, except for the one that section 2 requires."""
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}{ENDPOINT}",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": [],
        "grant_types_supported": list(grant_types),
        "token_endpoint_auth_methods_supported": [*_CONFIDENTIAL, "none"],
        "revocation_endpoint": f"{issuer}{REVOCATION}",
        "revocation_endpoint_auth_methods_supported": [*_CONFIDENTIAL, "none"],
        "introspection_endpoint": f"{issuer}{INTROSPECTION}",
        "introspection_endpoint_auth_methods_supported": _CONFIDENTIAL,
        "service_documentation": f"{issuer}/docs",
    }
