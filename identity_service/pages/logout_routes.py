"""The page and the endpoint by which people sign out in their browsers."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from identity_service.dependencies import ButtonForm, FromAddress, SignOutDep
from identity_service.oauth import metadata
from identity_service.oauth.logout import LogoutRequest
from identity_service.pages.forms import text_of
from identity_service.pages.logout import SIGN_OUT
from identity_service.pages.logout_documentation import LOGOUT, LOGOUT_BY_FORM, logout_answers
from identity_service.pages.rendering import go
from watchword.auth import public

router = APIRouter(tags=["oauth"], dependencies=[FromAddress])


@router.get(SIGN_OUT, include_in_schema=False)
@public
async def show_sign_out(request: Request, sign_out: SignOutDep) -> Response:
    return await sign_out.show(request)


@router.post(SIGN_OUT, include_in_schema=False)
@public
async def submit_sign_out(request: Request, _: ButtonForm, sign_out: SignOutDep) -> Response:
    return await sign_out.submit(request)


@router.get(
    metadata.LOGOUT,
    operation_id="oauth_logout",
    summary="Sign a person out at the request of an application",
    response_class=Response,
    responses=logout_answers(303, 400, 503),
    openapi_extra=LOGOUT,
)
@public
async def end_session(request: Request, sign_out: SignOutDep) -> Response:
    """End the person's sign-on in this browser, and so the sessions of all applications (OpenID Connect RP-Initiated
    Logout 1.0). Browsers open it; a program cannot use it."""
    return await sign_out.answer(request)


@router.post(
    metadata.LOGOUT,
    operation_id="oauth_logout_by_form",
    summary="Sign a person out, with the parameters in a form",
    response_class=Response,
    responses=logout_answers(303, 400, 413),
    openapi_extra=LOGOUT_BY_FORM,
)
@public
async def end_session_by_form(request: Request) -> Response:
    """Lead the browser to the same request by GET: a form of another site comes without the cookie of the sign-on."""
    return go(f"{metadata.LOGOUT}?{LogoutRequest.of(await text_of(request)).encode()}")
