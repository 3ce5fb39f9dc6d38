"""Why a person could not be signed in on a page, or a page got no access token."""

from typing import ClassVar

from watchword.errors import BadRequest, Forbidden, Unauthenticated, Unavailable


class NotSignedIn(Unauthenticated):
    """The browser has no session of this service, or one that has ended."""

    code = "not_signed_in"
    detail = "Nobody is signed in here."

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Cookie realm="watchword"'}


class ForeignOrigin(Forbidden):
    """The request does not come from a page of this service."""

    code = "foreign_origin"
    detail = "Only the pages of this service may do this."


class CookieRepeated(BadRequest):
    """The browser sends two cookies of one name: somebody else has set one of them, and nothing tells which."""

    code = "cookie_repeated"
    detail = "Your browser has sent a cookie twice, so both have been deleted; sign in again."


class ReturnRefused(BadRequest):
    """The page to return to is not a path of this service."""

    code = "return_refused"
    detail = "The page to return to must be a path of this site."


class DemandRefused(BadRequest):
    """The `max_age`, the `acr_values` or the `prompt` of the link to sign in are malformed."""

    code = "demand_refused"
    detail = "The link that brought you here is faulty. The operator of this site can see why in its log."


class SignInRefused(BadRequest):
    """The answer of the issuer is not one to a sign-in that was begun in this browser, or cannot be trusted."""

    code = "sign_in_refused"
    detail = "This sign-in is not valid any more, or was not begun in this browser. Sign in again."


class SignInTooOld(BadRequest):
    """The person was authenticated longer ago than the `max_age` of the page allows."""

    code = "sign_in_too_old"
    detail = "You signed in too long ago for the page that you come from. Sign in again."


class AccessDenied(Forbidden):
    """The person did not allow this service to act for them."""

    code = "access_denied"
    detail = "You have not allowed this site to sign you in, so you are not signed in here."


class StrongerSignInDeclined(Forbidden):
    """The person has not signed in as strongly as the page asks, and does not want to or cannot."""

    code = "stronger_sign_in_declined"
    detail = "The page that you came from asks for a stronger sign-in. You are still signed in as before."


class SignInFailed(Unavailable):
    """The issuer refuses what this service asks for, which the person can do nothing about."""

    code = "sign_in_failed"
    detail = "Signing in is not possible, because this site is not set up correctly. Its operator can see why."
    retry_after: ClassVar[int] = 60


class IssuerUnavailable(Unavailable):
    """The issuer does not answer, or not as it should."""

    code = "issuer_unavailable"
    detail = "Signing in is not possible at the moment; try again shortly."
    retry_after: ClassVar[int] = 5


class AnswerLost(IssuerUnavailable):
    """The connection to the issuer broke off, as a server's does that has just ended it for being idle."""
