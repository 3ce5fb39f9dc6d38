"""The refusals of guards, with the challenges of RFC 6750 section 3."""

import math
from collections.abc import Sequence
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


class AmbiguousSubprotocols(AmbiguousCredentials):
    """The handshake of a WebSocket has more than one token, or a token without the subprotocol `watchword` for the
    server to select."""

    detail = (
        "Offer the subprotocols `watchword` and `watchword.bearer.<token>`, once each, and no Authorization header."
    )


class InsufficientScope(Forbidden):
    """The token lacks one of `scopes`, or all of `any_of`. The challenge names every scope that can help, separated by
    spaces (RFC 6750 section 3)."""

    code = "insufficient_scope"
    detail = "The access token does not carry the scope that this needs."

    def __init__(self, *scopes: str, any_of: Sequence[str] = ()) -> None:
        alternatives = f"one of {' '.join(any_of)}" if any_of else ""
        super().__init__("lacks scope " + " and ".join(filter(None, [" ".join(scopes), alternatives])))
        self.scope = " ".join((*scopes, *any_of))

    @classmethod
    def example(cls) -> Self:
        return cls("notes:read")

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{self.scope}"'}


class InsufficientUserAuthentication(Unauthenticated):
    """The caller's sign-in is too long ago or too weak. The challenge names what a further sign-in must give (RFC 9470
    section 3): one of `acr_values`, at most `max_age` seconds ago."""

    code = "insufficient_user_authentication"
    detail = "This needs a more recent or a stronger sign-in."

    def __init__(self, reason: str | None = None, *, acr: str | None = None, max_age: int | None = None) -> None:
        super().__init__(reason)
        needs = {"acr_values": acr, "max_age": max_age}
        self._needs = "".join(f', {name}="{value}"' for name, value in needs.items() if value is not None)

    @classmethod
    def example(cls) -> Self:
        return cls(acr="mfa", max_age=300)

    def headers(self) -> dict[str, str]:
        error = f'error="{self.code}", error_description="{self.detail}"'
        return {"WWW-Authenticate": f"{CHALLENGE}, {error}{self._needs}"}


class NotPermitted(Forbidden):
    code = "not_permitted"
    detail = "This needs a role or a permission that you do not have."


class KeysUnavailable(Unavailable):
    """The key of the token has not been fetched, so whether the token is valid is not known.

    `seconds` is the time until the next fetch.
    """

    code = "keys_unavailable"
    detail = "Tokens cannot be verified at the moment; try again shortly."

    def __init__(self, reason: str | None = None, *, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self._seconds = max(self.retry_after, math.ceil(seconds))

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self._seconds)}


class KeyNotFetched(KeysUnavailable):
    """The issuer answers, but whether it has this key is not known before the next fetch. Anyone can cause this."""


class NotStarted(Unavailable):
    """The background work that keeps the keys or the revocations fresh does not run, so no token can be verified."""

    code = "not_started"
    detail = "Tokens cannot be verified, because this service was not started correctly."


class NotFresh(Unavailable):
    """This process does not know what the issuer has revoked in the last seconds, and the operation requires it."""

    code = "not_fresh"
    detail = "Whether you still may do this is not known at the moment; try again shortly."
