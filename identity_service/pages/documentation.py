"""The authorization endpoint in the OpenAPI document. It answers people's browsers, with pages and redirects."""

from collections.abc import Mapping
from typing import Any, Final

from watchword.http.responses import Responses

_PAGE: Final[Mapping[str, Any]] = {"content": {"text/html": {"schema": {"type": "string"}}}}
_ANSWERS: Final[Mapping[int, Mapping[str, Any]]] = {
    200: {
        "description": "With `response_mode=form_post`: a page with the form that takes the answer to the application",
        **_PAGE,
    },
    303: {
        "description": "To the application, with `code` or `error`, `state` and `iss`; or to a page on which the person"
        " signs in or agrees first",
        "headers": {
            "Location": {"description": "Where the browser goes", "schema": {"type": "string"}},
        },
    },
    400: {
        "description": "A page: the application or its redirect URI is unknown, or the request cannot be read",
        **_PAGE,
    },
    413: {"description": "A page: the form is too large", **_PAGE},
    503: {
        "description": "A page: the service cannot answer at the moment",
        "headers": {
            "Retry-After": {
                "description": "Seconds after which the same request may succeed",
                "schema": {"type": "integer", "minimum": 0},
            }
        },
        **_PAGE,
    },
}


def authorization_answers(*statuses: int) -> Responses:
    """The `responses=` of a route that answers with these statuses."""
    return {status: dict(_ANSWERS[status]) for status in statuses}


def _parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": schema.pop("required", False),
        "description": description,
        "schema": {"type": "string", **schema},
    }


PARAMETERS: Final = [
    _parameter("client_id", "The application", required=True),
    _parameter("redirect_uri", "Where the answer goes, exactly as registered", required=True, format="uri"),
    _parameter("response_type", "How the answer authorizes", required=True, enum=["code"]),
    _parameter("code_challenge", "BASE64URL(SHA256(code_verifier)) (RFC 7636)", required=True),
    _parameter("code_challenge_method", "How it was made", required=True, enum=["S256"]),
    _parameter("state", "Comes back with the answer"),
    _parameter("scope", "Scopes separated by spaces; default: all of the application's"),
    _parameter("nonce", "Comes back in the ID token"),
    _parameter("response_mode", "How the answer gets there", enum=["query", "form_post"], default="query"),
    _parameter("prompt", "Separated by spaces: `none`, `login`, `select_account`, `consent`"),
    _parameter("max_age", "Seconds since the person was authenticated, at most"),
    _parameter("acr_values", "A wish that need not be met: see `acr` in the tokens"),
    _parameter("login_hint", "The username or e-mail address for the form of the sign-in page"),
    _parameter("id_token_hint", "With `prompt=none`: an ID token of the person that the answer must be about"),
    _parameter("resource", "An audience that tokens will be for (RFC 8707); may be repeated"),
]
"""What AUTHORIZE has, for the description of the form, too."""

AUTHORIZE: Final[dict[str, Any]] = {"parameters": PARAMETERS}
"""For `openapi_extra` of the request by GET."""

AUTHORIZE_BY_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": [parameter["name"] for parameter in PARAMETERS if parameter["required"]],
                    "properties": {
                        parameter["name"]: {**parameter["schema"], "description": parameter["description"]}
                        for parameter in PARAMETERS
                    },
                }
            }
        },
    }
}
"""For `openapi_extra` of the request by POST."""
