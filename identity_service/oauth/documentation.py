"""The forms, credentials and errors of the OAuth endpoints in the OpenAPI document. Our own code reads the forms, so
that errors are answered as RFC 6749 requires; FastAPI therefore cannot describe them."""

from collections.abc import Sequence
from typing import Any, Final

from identity_service.clients.grant_types import GrantType
from identity_service.clients.models import FIRST_PARTY_CLIENT
from identity_service.events.schemas import ObedienceRead
from identity_service.oauth.errors import OAuthError
from identity_service.oauth.schemas import OAuthRefusal
from watchword.http.openapi import Document
from watchword.http.responses import HEADER_FIELDS, Responses, answer

CLIENT_SCHEME: Final = "client"
_REVOKED: Final = (
    "Revoked. There is no body, except with `Prefer: wait=N`: then it is the JSON of `DELETE /sessions/current`"
)

_TEXT: Final = {"type": "string"}
_SECRET: Final = {"type": "string", "format": "password"}
_SAMPLE: Final = "eyJhbGciOiJSUzI1NiIsInR5cCI6InJ0K2p3dCJ9.eyJzdWIiOiIwMTk5In0.c2lnbmF0dXJl"
_CLIENT: Final = {"client_id": {"type": "string", "default": FIRST_PARTY_CLIENT}, "client_secret": _SECRET}
_BASIC: Final = {
    "type": "http",
    "scheme": "basic",
    "description": "The client's id and secret, each form encoded (RFC 6749 section 2.3.1). A public client sends only "
    "its id, in the form; a confidential one may send both there.",
}


def describe_credentials(document: Document) -> None:
    """Add the security scheme of clients to the OpenAPI document."""
    document["components"]["securitySchemes"][CLIENT_SCHEME] = _BASIC


def form(example: dict[str, str], required: Sequence[str], **properties: dict[str, Any]) -> dict[str, Any]:
    """A form-encoded request body with these properties from a client, for `openapi_extra`."""
    schema = {"type": "object", "required": list(required), "properties": properties | _CLIENT}
    content = {"application/x-www-form-urlencoded": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}, "security": [{}, {CLIENT_SCHEME: []}]}


TOKEN_REQUEST: Final = form(
    {"grant_type": "refresh_token", "refresh_token": _SAMPLE, "client_id": FIRST_PARTY_CLIENT},
    ["grant_type"],
    grant_type={
        "type": "string",
        "enum": list(GrantType),
        "description": "One of `grant_types_supported` in the metadata. `password` is for first-party clients, and off"
        " unless the operator has switched it on",
    },
    code={"type": "string", "description": "The authorization code of the redirect, for `authorization_code`"},
    redirect_uri={"type": "string", "description": "The same as in the authorization request"},
    code_verifier={"type": "string", "description": "Proves that the caller began the sign-in (RFC 7636)"},
    username={"type": "string", "description": "The username or the e-mail address, for `password`"},
    password=_SECRET,
    refresh_token=_TEXT,
    device_code=_TEXT,
    scope={
        "type": "string",
        "description": "Scopes separated by spaces; default: all. A token carries those of its audience",
    },
    resource={
        "type": "string",
        "description": "The audience that the access token is for (RFC 8707); default: the client's",
    },
)

TOKEN: Final = form(
    {"token": _SAMPLE},
    ["token"],
    token=_TEXT,
    token_type_hint={
        "type": "string",
        "examples": ["refresh_token"],
        "description": "`access_token` or `refresh_token`; the answer is the same with any other and without it",
    },
)


DEVICE_REQUEST: Final = form(
    {"client_id": "notes-tv", "scope": "posts:write"},
    [],
    scope={"type": "string", "description": "Scopes separated by spaces; default: all that the client may have"},
    resource={
        "type": "string",
        "description": "The audience of the first access token (RFC 8707); default: the client's",
    },
)

REVOKED: Final[Responses] = answer(200, "Preference-Applied", description=_REVOKED)
"""The answer to a revocation. Only a caller who prefers to wait gets a body, which OpenAPI cannot say: a client that is
generated from the document would look for one in every answer."""
REVOKED[200]["x-content-with-prefer-wait"] = {
    "application/json": {"schema": {"$ref": f"#/components/schemas/{ObedienceRead.__name__}"}}
}


def oauth_refusals(*errors: type[OAuthError]) -> Responses:
    """The `responses=` of a route that can raise these errors."""
    responses: Responses = {}
    for error in (kind() for kind in errors):
        response = responses.setdefault(error.status, _empty(error))
        response["description"] = f"{response['description']}\n- `{error.error}`: {error.description}".strip()
        body = {"error": error.error, "error_description": error.description}
        response["content"]["application/json"]["examples"][error.error] = {"value": body}
    return responses


def _empty(error: OAuthError) -> dict[str, Any]:
    described = {name: HEADER_FIELDS[name] for name in error.headers() if name in HEADER_FIELDS}
    return {
        "model": OAuthRefusal,
        "description": "",
        "headers": described,
        "content": {"application/json": {"examples": {}}},
    }
