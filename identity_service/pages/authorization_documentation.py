"""The authorization endpoint in the OpenAPI document."""

from typing import Any, Final

from identity_service.pages.documentation import answers, by_form, by_query, page, parameter, redirect
from watchword.http.responses import Responses

_ANSWERS: Final[dict[int, dict[str, Any]]] = {
    200: page("with `response_mode=form_post`, the form that takes the answer to the application"),
    303: redirect(
        "To the application, with `code` or `error`, `state` and `iss`; or to a page on which the person signs in or"
        " agrees first"
    ),
    400: page("the application or its redirect URI is unknown, or the request cannot be read"),
}
_PARAMETERS: Final = (
    parameter("client_id", "The application", is_required=True),
    parameter("redirect_uri", "Where the answer goes, exactly as registered", is_required=True, format="uri"),
    parameter("response_type", "What the application gets: a code", is_required=True, enum=["code"]),
    parameter("code_challenge", "BASE64URL(SHA256(code_verifier)) (RFC 7636)", is_required=True),
    parameter("code_challenge_method", "How the challenge was made", is_required=True, enum=["S256"]),
    parameter("state", "Comes back with the answer"),
    parameter("scope", "Scopes separated by spaces; default: all that the application may have"),
    parameter("nonce", "Comes back in the ID token"),
    parameter("response_mode", "How the answer gets to the application", enum=["query", "form_post"], default="query"),
    parameter("prompt", "Separated by spaces: `none`, `login`, `select_account`, `consent`, `create`"),
    parameter("max_age", "How many seconds ago the person may have been authenticated, at most"),
    parameter(
        "acr_values",
        "Levels separated by spaces, of which the weakest must be met: `pwd`, `mfa`, `phr`. A person who lacks the"
        " factor adds it first, or comes back with the error `unmet_authentication_requirements`. Other values"
        " are ignored",
    ),
    parameter("login_hint", "The username or e-mail address for the form of the sign-in page"),
    parameter(
        "id_token_hint",
        "An ID token that the application got: the answer is about this person, or `login_required`. With `max_age`"
        " or `acr_values`, the session that it names goes on, if it can",
    ),
    parameter("resource", "An audience that tokens will be for (RFC 8707); may be repeated"),
)

AUTHORIZE: Final = by_query(_PARAMETERS)
AUTHORIZE_BY_FORM: Final = by_form(_PARAMETERS)


def authorization_answers(*statuses: int) -> Responses:
    """The `responses=` of a route that answers with these statuses."""
    return answers(_ANSWERS, *statuses)
