"""How the routes for browsers identify their caller, for the OpenAPI document."""

from typing import Any, Final

COOKIE_SCHEME: Final = "session_cookie"

OUR_PAGE: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "Origin",
            "in": "header",
            "required": True,
            "schema": {"type": "string"},
            "description": "The origin of one of our own pages; browsers send it by themselves",
            "example": "http://localhost:8002",
        },
        {
            "name": "X-Requested-With",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
            "description": "Any value: no form and no page of another site can send this header field",
            "example": "fetch",
        },
    ]
}
"""The header fields that show that a page of ours sends the request, for `openapi_extra`."""


def cookie_scheme(name: str) -> dict[str, Any]:
    """The security scheme of the cookie with this name."""
    description = "The refresh token of a browser's session. No script can read it."
    return {"type": "apiKey", "in": "cookie", "name": name, "description": description}
