"""The values of a sign-in: what the cookies hold, and what the issuer answers."""

import secrets
from collections.abc import Mapping
from typing import Final, NamedTuple, Self

import orjson

from watchword.pages.sign_in_request import SignInRequest

SIGN_IN_SECONDS: Final = 600
"""How long a person may take to sign in."""

SESSION_SECONDS: Final = 5_184_000
"""How long a browser keeps the session: 60 days, as long as the longest session lasts at the issuer."""

LOGIN_REQUIRED: Final = "login_required"
"""The error of an issuer that may not let the person in who has signed in (OpenID Connect Core section 3.1.2.6)."""

ANSWER_PARAMETERS: Final = {"state": "state", "code": "code", "iss": "issuer", "error": "error"}
"""The parameters of the issuer's answer that count, and the members of Answer that they are. Others are ignored (RFC
6749 section 4.1.2)."""


class PendingSignIn(NamedTuple):
    """A sign-in that this browser has begun. `expires_at` is in seconds since 1970."""

    state: str
    nonce: str
    verifier: str
    return_path: str
    expires_at: float
    max_age: int | None = None
    acr_values: str | None = None

    @classmethod
    def begin(cls, request: SignInRequest, now: float) -> Self:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        expires_at = now + SIGN_IN_SECONDS
        return cls(state, nonce, verifier, request.return_path, expires_at, request.max_age, request.acr_values)

    def request_after(self, error: str) -> SignInRequest:
        """The request, to begin it once more after this error of the issuer, which may be empty. Whoever was to make an
        account may have done so by now. After `login_required` it has no demands: they are about the person of the
        session here, and somebody else has signed in."""
        if error == LOGIN_REQUIRED:
            return SignInRequest(self.return_path)
        return SignInRequest(self.return_path, self.max_age, self.acr_values)

    @property
    def earliest_authentication(self) -> float | None:
        """When the person must have been authenticated at the earliest, in seconds since 1970; None if the page does
        not say. It counts back from the beginning of the sign-in, since a person may take time for what comes after the
        password."""
        return None if self.max_age is None else self.expires_at - SIGN_IN_SECONDS - self.max_age

    @classmethod
    def read(cls, content: bytes) -> Self:
        return cls(**orjson.loads(content))

    def write(self) -> bytes:
        return orjson.dumps(self._asdict())


class PageSession(NamedTuple):
    """A person who is signed in on the pages of this service: the refresh token, and the ID token with which the person
    can sign out at the issuer as well."""

    refresh_token: str
    id_token: str

    @classmethod
    def read(cls, content: bytes) -> Self:
        return cls(**orjson.loads(content))

    def write(self) -> bytes:
        return orjson.dumps(self._asdict())


class Tokens(NamedTuple):
    """What the token endpoint answers (RFC 6749 section 5.1)."""

    access_token: str
    expires_in: int
    refresh_token: str
    id_token: str


class Answer(NamedTuple):
    """The answer of the authorization endpoint, as the browser brings it (RFC 6749 section 4.1.2, RFC 9207)."""

    state: str = ""
    code: str = ""
    issuer: str = ""
    error: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """The answer that these parameters, of ANSWER_PARAMETERS, make."""
        return cls(**{ANSWER_PARAMETERS[name]: value for name, value in parameters.items()})
