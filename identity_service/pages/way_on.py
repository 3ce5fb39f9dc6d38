"""Pages whose form leads on to an application."""

from starlette.responses import Response

from identity_service.clients.redirect_uris import origin_of
from identity_service.oauth.authorization.request import AuthorizationRequest
from identity_service.pages.rendering import page_fields


def let_form_lead_to(page: Response, authorization: AuthorizationRequest | None, *, scripts: bool = False) -> None:
    """Let the answer to the form of this page lead on to the application of an authorization request, if there is one:
    browsers apply the policy of a page to that as well. `scripts` lets ours run on it."""
    origins = [] if authorization is None else [origin_of(authorization.destination.redirect_uri)]
    page.headers.update(page_fields(*origins, scripts=scripts))
