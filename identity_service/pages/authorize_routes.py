"""The authorization endpoint, which people's browsers open, and which answers them with pages and redirects."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from identity_service.dependencies import PartsDep
from identity_service.oauth import metadata
from identity_service.pages.authorization import authorize, query_of_form
from identity_service.pages.authorization_documentation import AUTHORIZE, AUTHORIZE_BY_FORM, authorization_answers
from identity_service.pages.forms import query_of
from identity_service.pages.goals import Goal
from identity_service.pages.rendering import go
from watchword.auth import public

router = APIRouter(tags=["oauth"])


@router.get(
    metadata.AUTHORIZATION,
    operation_id="oauth_authorize",
    summary="Sign a person in to an application",
    response_class=Response,
    responses=authorization_answers(200, 303, 400, 503),
    openapi_extra=AUTHORIZE,
)
@public
async def authorize_client(request: Request, parts: PartsDep) -> Response:
    """Lead a person through sign-in, and back to the application with a code (RFC 6749 section 4.1, OpenID Connect Core
    section 3.1). Browsers open it; a program cannot use it."""
    sign_on = await parts.sign_ons.find(parts.sign_on_cookie.read(request))
    query = query_of(request)
    return await authorize(parts.code_flow.authorization, parts.pages, query, sign_on)


@router.post(
    metadata.AUTHORIZATION,
    operation_id="oauth_authorize_by_form",
    summary="Sign a person in to an application, with the parameters in a form",
    response_class=Response,
    responses=authorization_answers(303, 400, 413),
    openapi_extra=AUTHORIZE_BY_FORM,
)
@public
async def authorize_by_form(request: Request) -> Response:
    """Lead the browser to the same request by GET: a form of another site comes without the cookie of the sign-on."""
    return go(Goal.of_authorization(await query_of_form(request)).path)
