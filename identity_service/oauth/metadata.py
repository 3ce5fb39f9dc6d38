"""What this authorization server offers, for machines to read (RFC 8414)."""

from typing import Any, Final

ENDPOINT: Final = "/oauth/token"
REVOCATION: Final = "/oauth/revoke"
INTROSPECTION: Final = "/oauth/introspect"
_CONFIDENTIAL: Final = ["client_secret_basic", "client_secret_post"]
GRANTS: Final = ("password", "refresh_token", "client_credentials")


def offered_grants(password_grant: bool) -> list[str]:
    return [grant for grant in GRANTS if password_grant or grant != "password"]


def describe(issuer: str, password_grant: bool) -> dict[str, Any]:
    """There is no authorization endpoint, so no response type either; members without elements are left out but for
    the one that section 2 requires."""
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}{ENDPOINT}",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": [],
        "grant_types_supported": offered_grants(password_grant),
        "token_endpoint_auth_methods_supported": [*_CONFIDENTIAL, "none"],
        "revocation_endpoint": f"{issuer}{REVOCATION}",
        "revocation_endpoint_auth_methods_supported": [*_CONFIDENTIAL, "none"],
        "introspection_endpoint": f"{issuer}{INTROSPECTION}",
        "introspection_endpoint_auth_methods_supported": _CONFIDENTIAL,
        "service_documentation": f"{issuer}/docs",
    }
