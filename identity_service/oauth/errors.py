"""The errors of the OAuth endpoints in the form of RFC 6749 section 5.2, and the one table that translates ours."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from identity_service import errors
from identity_service.caching import NO_STORE
from watchword.errors import AppError
from watchword.lines import one_line

logger = logging.getLogger("identity.oauth")


class OAuthError(Exception):
    """`error` is one of the standard's codes; `description` is fit for strangers, `reason` is for the log alone."""

    error: ClassVar[str]
    description: ClassVar[str]
    status: ClassVar[int] = 400

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason or self.description)
        self.reason = reason

    def headers(self) -> dict[str, str]:
        return NO_STORE


class InvalidRequest(OAuthError):
    error = "invalid_request"
    description = "The request is malformed, lacks a parameter or repeats one."


class InvalidGrant(OAuthError):
    """One text for all causes: unknown user, wrong password, spent, expired or unknown code or refresh token."""

    error = "invalid_grant"
    description = "The credentials, the code or the refresh token are not valid."


class PasswordMustChange(InvalidGrant):
    """The answer to the right password alone."""

    description = errors.PasswordMustChange.detail


class PasswordNotEnough(InvalidGrant):
    """The answer to the right password alone."""

    description = errors.PasswordNotEnough.detail


class UnauthorizedClient(OAuthError):
    error = "unauthorized_client"
    description = "This client may not use this grant type."


class UnsupportedGrantType(OAuthError):
    error = "unsupported_grant_type"
    description = "This grant type is not offered."


class InvalidScope(OAuthError):
    error = "invalid_scope"
    description = "A scope is unknown or more than this client may have, or none is left for the resource."


class InvalidTarget(OAuthError):
    """RFC 8707 section 2."""

    error = "invalid_target"
    description = "A resource is unknown or more than this client may reach."


class NoTarget(InvalidTarget):
    description = errors.NoAudience.detail


class NoDefaultTarget(InvalidTarget):
    description = errors.NoDefaultAudience.detail


class TooManyScopes(InvalidScope):
    description = errors.TokenTooLarge.detail


class AuthorizationPending(OAuthError):
    """RFC 8628 section 3.5."""

    error = "authorization_pending"
    description = "Nobody has allowed or denied the device yet; ask again after the interval."


class SlowDown(OAuthError):
    """RFC 8628 section 3.5."""

    error = "slow_down"
    description = "The device asks too often; wait five seconds longer from now on."


class AccessDenied(OAuthError):
    error = "access_denied"
    description = "The person has denied the request."


class ExpiredToken(OAuthError):
    """RFC 8628 section 3.5."""

    error = "expired_token"
    description = "The device code has expired; start again."


class UnsupportedTokenType(OAuthError):
    """RFC 7009 section 2.2.1."""

    error = "unsupported_token_type"
    description = "Tokens of this kind cannot be revoked."


class InvalidClient(OAuthError):
    error = "invalid_client"
    description = "The client is unknown or did not authenticate."
    status = 401

    def headers(self) -> dict[str, str]:
        return {**NO_STORE, "WWW-Authenticate": 'Basic realm="watchword"'}


TRANSLATIONS: Final[dict[type[AppError], type[OAuthError]]] = {
    errors.ClientNotAuthenticated: InvalidClient,
    errors.GrantTypeNotAllowed: UnauthorizedClient,
    errors.ScopeNotAllowed: InvalidScope,
    errors.AudienceNotAllowed: InvalidTarget,
    errors.NoAudience: NoTarget,
    errors.NoDefaultAudience: NoDefaultTarget,
    errors.TokenTooLarge: TooManyScopes,
    errors.InvalidCredentials: InvalidGrant,
    errors.PasswordMustChange: PasswordMustChange,
    errors.PasswordNotEnough: PasswordNotEnough,
    errors.RefreshTokenRefused: InvalidGrant,
    errors.CodeRefused: InvalidGrant,
    errors.DeviceCodeRefused: InvalidGrant,
    errors.DeviceCodeExpired: ExpiredToken,
    errors.DeviceDenied: AccessDenied,
    errors.DeviceUndecided: AuthorizationPending,
    errors.PolledTooSoon: SlowDown,
}


def translate(error: AppError) -> OAuthError | None:
    """The OAuth error for one of ours; None if it has none and stays a problem document, such as Unavailable."""
    kinds = (TRANSLATIONS[kind] for kind in type(error).__mro__ if kind in TRANSLATIONS)
    kind = next(kinds, None)
    return kind(error.reason) if kind is not None else None


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate the errors that a use case raises in this block into those of RFC 6749."""
    try:
        yield
    except AppError as error:
        if (translation := translate(error)) is not None:
            raise translation from None
        raise


def install(app: FastAPI) -> None:
    """Answer every OAuthError in the form of the standard."""
    app.add_exception_handler(OAuthError, _on_oauth_error)


async def _on_oauth_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, OAuthError)  # noqa: S101 - the registration above says so
    reason = one_line(error.reason or error.description or "")
    fields = {"error": error.error, "reason": reason}
    logger.info("refused: %s (%d %s)", reason, error.status, error.error, extra=fields)
    body = {"error": error.error, "error_description": error.description}
    return Response(orjson.dumps(body), error.status, error.headers(), "application/json")
