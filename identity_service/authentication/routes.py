"""POST /sessions and /sessions/current/refresh: the two routes of a browser, whose refresh token is in a cookie."""

from fastapi import APIRouter, Depends, Response

from identity_service.authentication.browser import BrowserTokens
from identity_service.authentication.cookie import RefreshCookie
from identity_service.authentication.schemas import SignedInRead, SignInForm
from identity_service.caching import forbid_caching
from identity_service.dependencies import (
    BrowserSignInDep,
    CookieDep,
    DeviceDep,
    OurPage,
    RefreshTokenOfCookie,
)
from watchword.auth import public
from watchword.http import StrictRoute

router = APIRouter(
    prefix="/sessions",
    tags=["sessions"],
    dependencies=[OurPage, Depends(forbid_caching)],
    route_class=StrictRoute,
)


@router.post("", status_code=201)
@public
async def sign_browser_in(
    form: SignInForm,
    browsers: BrowserSignInDep,
    device: DeviceDep,
    refresh_token: RefreshTokenOfCookie,
    cookie: CookieDep,
    response: Response,
) -> SignedInRead:
    """Sign in from one of our own pages. The refresh token goes into a cookie that no script can read.

    The session that this browser had before ends.
    """
    return _signed_in(await browsers.sign_in(form.credentials(), device, refresh_token), cookie, response)


@router.post("/current/refresh")
@public
async def refresh_browser(
    refresh_token: RefreshTokenOfCookie, browsers: BrowserSignInDep, cookie: CookieDep, response: Response
) -> SignedInRead:
    """Get another access token for the session whose cookie this browser holds; the cookie is rotated."""
    return _signed_in(await browsers.refresh(refresh_token), cookie, response)


def _signed_in(browser: BrowserTokens, cookie: RefreshCookie, response: Response) -> SignedInRead:
    cookie.set(response, browser.tokens.refresh_token or "", browser.cookie_expires_at)
    return SignedInRead.of(browser.tokens)
