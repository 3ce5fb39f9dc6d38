"""The forms and errors of the OAuth endpoints in the OpenAPI document. Our own code reads the forms, so that errors are
answered as RFC 6749 requires; FastAPI therefore cannot describe them."""

from collections.abc import Sequence
from typing import Any, Final

from identity_service.clients.models import FIRST_PARTY_CLIENT
from identity_service.oauth import metadata

_TEXT: Final = {"type": "string"}
_SECRET: Final = {"type": "string", "format": "password"}
_CLIENT: Final = {"client_id": {"type": "string", "default": FIRST_PARTY_CLIENT}, "client_secret": _SECRET}


def form(required: Sequence[str], **properties: dict[str, Any]) -> dict[str, Any]:
    """A form-encoded request body with these properties, for `openapi_extra`."""
    schema = {"type": "object", "required": list(required), "properties": properties}
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


TOKEN_REQUEST: Final = form(
    ["grant_type"],
    grant_type={"type": "string", "enum": list(metadata.GRANTS)},
    username={"type": "string", "description": "The username or the e-mail address, for `password`"},
    password=_SECRET,
    refresh_token=_TEXT,
    scope={
        "type": "string",
        "description": "Scopes separated by blanks; default: all. A token carries those of its audience",
    },
    resource={
        "type": "string",
        "description": "The audience that the access token is for (RFC 8707); default: the client's",
    },
    **_CLIENT,
)

TOKEN: Final = form(
    ["token"],
    token=_TEXT,
    token_type_hint={"type": "string", "enum": ["access_token", "refresh_token"]},
    **_CLIENT,
)

_ERROR: Final = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": _TEXT, "error_description": _TEXT},
        }
    }
}

ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "RFC 6749 section 5.2", "content": _ERROR},
    401: {"description": "The client could not be authenticated", "content": _ERROR},
}
