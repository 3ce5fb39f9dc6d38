"""Refusals of the OAuth endpoints, in the form of RFC 6749 section 5.2."""

import logging
from typing import ClassVar

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

logger = logging.getLogger("identity.oauth")

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


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
    """One text for all: unknown user, wrong password, spent, expired or unknown refresh token."""

    error = "invalid_grant"
    description = "The credentials or the refresh token are not valid."


class AccountChanged(InvalidGrant):
    """The account or its password changed while the password was judged; trying once more is right."""


class AccountDisabled(InvalidGrant):
    """The password is right and the account disabled. Outside it looks like every other InvalidGrant."""


class UnauthorizedClient(OAuthError):
    error = "unauthorized_client"
    description = "This client may not use this grant."


class UnsupportedGrantType(OAuthError):
    error = "unsupported_grant_type"
    description = "This grant is not offered."


class InvalidScope(OAuthError):
    error = "invalid_scope"
    description = "A scope is unknown or more than this client may have."


class InvalidTarget(OAuthError):
    """RFC 8707 section 2."""

    error = "invalid_target"
    description = "A resource is unknown or more than this client may reach."


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


def install(app: FastAPI) -> None:
    app.add_exception_handler(OAuthError, _on_oauth_error)


async def _on_oauth_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, OAuthError)  # noqa: S101 - the registration above says so
    logger.info("refused", extra={"error": error.error, "reason": error.reason})
    body = {"error": error.error, "error_description": error.description}
    return Response(orjson.dumps(body), error.status, error.headers(), "application/json")
