"""The values that the use cases of half-open sign-ins take and return."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from identity_service.users.models import SignInUser

LIFETIME: Final = timedelta(minutes=10)

MAX_WRONG_CODES: Final = 5
"""The wrong code with this number ends a half-open sign-in."""


@dataclass(frozen=True, slots=True, repr=False)
class LiveHalfOpenSignIn:
    """A half-open sign-in that is not over. `digest` is that of the secret in the browser's cookie."""

    digest: bytes
    user: SignInUser
    username: str


class IssuedHalfOpenSignIn(NamedTuple):
    """The secret for the cookie of a browser, and the time until which the browser keeps it."""

    secret: str
    expires_at: datetime
