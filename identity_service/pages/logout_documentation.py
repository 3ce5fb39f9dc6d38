"""The endpoint at which applications ask for a sign-out, in the OpenAPI document."""

from typing import Any, Final

from identity_service.pages.documentation import answers, by_form, by_query, page, parameter, redirect
from watchword.http.responses import Responses

_ANSWERS: Final[dict[int, dict[str, Any]]] = {
    303: redirect(
        "To the application, with `state`; to a page that says that the person is signed out; or to one that asks the"
        " person first"
    ),
    400: page("the request cannot be read"),
}
_PARAMETERS: Final = (
    parameter(
        "id_token_hint",
        "An ID token of the session that is to end; it may have expired. With one of the present sign-on, the person"
        " is not asked",
    ),
    parameter("client_id", "The application; with an ID token, the one that it was issued to"),
    parameter("post_logout_redirect_uri", "Where the browser goes afterwards, exactly as registered"),
    parameter("state", "Comes back with the browser"),
)

LOGOUT: Final = by_query(_PARAMETERS)
LOGOUT_BY_FORM: Final = by_form(_PARAMETERS)


def logout_answers(*statuses: int) -> Responses:
    """The `responses=` of a route that answers with these statuses."""
    return answers(_ANSWERS, *statuses)
