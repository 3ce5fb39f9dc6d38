"""The refusals of guards, with the challenges of RFC 6750 section 3."""

from enum import StrEnum
from typing import Self

from watchword.errors import BadRequest, Forbidden, Unauthenticated, Unavailable

CHALLENGE = 'Bearer realm="watchword"'


class Flaw(StrEnum):
    """What is wrong with a token, in a word, for counting. The logged reason says it in full."""

    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    TYPE = "type"
    KEY = "unknown_key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    CLAIMS = "claims"
    EXPIRED = "expired"
    NOT_YET = "not_yet_valid"
    LIFETIME = "too_long_lived"
    REVOKED = "revoked"


class MissingToken(Unauthenticated):
    """The request has no credentials, so the challenge names no error (RFC 6750 section 3.1)."""

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": CHALLENGE}


class InvalidToken(Unauthenticated):
    """A token that is not valid. Which check failed is logged and counted, and is not in the response."""

    flaw = Flaw.MALFORMED

    def __init__(self, reason: str | None = None, flaw: Flaw | None = None) -> None:
        super().__init__(reason)
        if flaw is not None:
            self.flaw = flaw

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'}


class UnknownKey(InvalidToken):
    """The issuer has no key of this name, as far as this process knows; it may have been made a moment ago."""

    flaw = Flaw.KEY


class AmbiguousCredentials(BadRequest):
    code = "ambiguous_credentials"
    detail = "Send exactly one Authorization header."

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_request"'}


class InsufficientScope(Forbidden):
    code = "insufficient_scope"
    detail = "The access token does not carry the scope that this needs."

    def __init__(self, scope: str) -> None:
        super().__init__(f"lacks scope {scope}")
        self.scope = scope

    @classmethod
    def example(cls) -> Self:
        return cls("notes:read")

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{self.scope}"'}


class NotPermitted(Forbidden):
    code = "not_permitted"
    detail = "This needs a role or a permission that you do not have."


class KeysUnavailable(Unavailable):
    """The issuer's keys could not be fetched, so whether the token is valid is not known."""

    code = "keys_unavailable"
    detail = "Tokens cannot be verified at the moment; try again shortly."
