"""The endpoint for signing out in the OpenAPI document. It answers people's browsers, with pages and redirects."""

from collections.abc import Mapping
from typing import Any, Final

from watchword.http.responses import Responses

_PAGE: Final[Mapping[str, Any]] = {"content": {"text/html": {"schema": {"type": "string"}}}}
_SECONDS: Final = "Seconds after which the same request may succeed"
_ANSWERS: Final[Mapping[int, Mapping[str, Any]]] = {
    303: {
        "description": "To the application, with `state`; to a page that says that the person is signed out; or to one"
        " that asks the person first",
        "headers": {"Location": {"description": "Where the browser goes", "schema": {"type": "string"}}},
    },
    400: {"description": "A page: the request cannot be read", **_PAGE},
    413: {"description": "A page: the form is too large", **_PAGE},
    503: {
        "description": "A page: the service cannot answer at the moment",
        "headers": {"Retry-After": {"description": _SECONDS, "schema": {"type": "integer", "minimum": 0}}},
        **_PAGE,
    },
}
_PARAMETERS: Final[Mapping[str, str]] = {
    "id_token_hint": "An ID token of the session that is to end; it may have expired. With one of the present sign-on,"
    " the person is not asked",
    "client_id": "The application; with a hint, the one that it was issued to",
    "post_logout_redirect_uri": "Where the browser goes afterwards, exactly as registered",
    "state": "Comes back with the browser",
}


def logout_answers(*statuses: int) -> Responses:
    """The `responses=` of a route that answers with these statuses."""
    return {status: dict(_ANSWERS[status]) for status in statuses}


LOGOUT: Final[dict[str, Any]] = {
    "parameters": [
        {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in _PARAMETERS.items()
    ]
}
"""For `openapi_extra` of the request by GET."""

LOGOUT_BY_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {name: {"type": "string", "description": text} for name, text in _PARAMETERS.items()},
                }
            }
        },
    }
}
"""For `openapi_extra` of the request by POST."""
