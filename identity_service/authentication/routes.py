"""POST /sessions and /sessions/current/refresh: the two routes of a browser, whose refresh token is in a cookie."""

from typing import Final

from fastapi import APIRouter, Depends, Response

from identity_service.authentication.browser import BrowserTokens
from identity_service.authentication.cookie import RefreshCookie
from identity_service.authentication.documentation import COOKIE_SCHEME, OUR_PAGE
from identity_service.authentication.schemas import RefreshForm, SignedInRead, SignInForm
from identity_service.caching import forbid_caching
from identity_service.dependencies import (
    BrowserSignInDep,
    CookieDep,
    DeviceDep,
    KnownDeviceDep,
    OurPage,
    RefreshTokenOfCookie,
)
from identity_service.errors import (
    AudienceNotAllowed,
    CookieRepeated,
    CrossSite,
    HashingBusy,
    InvalidCredentials,
    NoAudience,
    NoDefaultAudience,
    NoSigningKey,
    NotSetUp,
    PasswordMustChange,
    RefreshTokenRefused,
    ScopeNotAllowed,
    TokenTooLarge,
)
from watchword.auth import public
from watchword.database.errors import DatabaseUnavailable
from watchword.errors import AppError
from watchword.http import StrictRoute
from watchword.http.responses import Responses, answer, refusals
from watchword.limits import LimitReached

router = APIRouter(
    prefix="/sessions",
    tags=["sessions"],
    dependencies=[OurPage, Depends(forbid_caching)],
    route_class=StrictRoute,
)

_REFUSALS: Final = (
    CrossSite,
    CookieRepeated,
    AudienceNotAllowed,
    NoAudience,
    NoDefaultAudience,
    ScopeNotAllowed,
    TokenTooLarge,
    NoSigningKey,
    NotSetUp,
    DatabaseUnavailable,
)


def _responses(status: int, *errors: type[AppError]) -> Responses:
    """Both the answer and the refusal of two cookies set the cookie, or delete it."""
    responses = answer(status, "Set-Cookie") | refusals(*errors, *_REFUSALS)
    responses[401]["headers"] |= answer(401, "Set-Cookie")[401]["headers"]
    return responses


@router.post(
    "",
    operation_id="sessions_sign_in",
    summary="Sign a browser in",
    status_code=201,
    responses=_responses(201, InvalidCredentials, PasswordMustChange, LimitReached, HashingBusy),
    openapi_extra=OUR_PAGE,
)
@public
async def sign_browser_in(
    form: SignInForm,
    browsers: BrowserSignInDep,
    device: DeviceDep,
    known_device: KnownDeviceDep,
    refresh_token: RefreshTokenOfCookie,
    cookie: CookieDep,
    response: Response,
) -> SignedInRead:
    """Sign in from one of our own pages. The refresh token goes into a cookie that no script can read.

    The session that this browser had before ends.
    """
    credentials = form.credentials(known_device)
    tokens = await browsers.sign_in(credentials, device, refresh_token=refresh_token, resource=form.resource)
    return _signed_in(tokens, cookie, response)


@router.post(
    "/current/refresh",
    operation_id="sessions_refresh",
    summary="Get another access token in a browser",
    responses=_responses(200, RefreshTokenRefused),
    openapi_extra=OUR_PAGE | {"security": [{COOKIE_SCHEME: []}]},
)
@public
async def refresh_browser(
    refresh_token: RefreshTokenOfCookie,
    browsers: BrowserSignInDep,
    cookie: CookieDep,
    response: Response,
    form: RefreshForm | None = None,
) -> SignedInRead:
    """Get another access token for the session whose cookie this browser holds, and another cookie.

    The body may be left out.
    """
    resource = form.resource if form is not None else None
    return _signed_in(await browsers.refresh(refresh_token, resource), cookie, response)


def _signed_in(browser: BrowserTokens, cookie: RefreshCookie, response: Response) -> SignedInRead:
    cookie.set(response, browser.tokens.refresh_token or "", browser.cookie_expires_at)
    return SignedInRead.of(browser.tokens)
