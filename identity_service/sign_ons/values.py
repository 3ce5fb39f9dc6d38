"""The values that the use cases of sign-ons take and return."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from identity_service.authentications import Authentication

FRESH_FOR: Final = timedelta(minutes=10)
"""How long after an authentication a person may do what asks for a fresh one."""

_SEEN_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignOnLifetimes:
    """How long a sign-on lasts if it is not used (`idle`), and at most (`longest`)."""

    idle: timedelta
    longest: timedelta

    def expires_at(self, created_at: datetime, seen_at: datetime) -> datetime:
        """When a sign-on expires that was used at `seen_at`."""
        return min(seen_at + self.idle, created_at + self.longest)

    @property
    def seen_every(self) -> timedelta:
        """How often a use is written down at most: reading a page writes nothing most of the time."""
        return min(_SEEN_EVERY, self.idle / 10)


@dataclass(frozen=True, slots=True)
class LiveSignOn:
    """A sign-on that has neither ended nor expired, of a user who may sign in. While `must_change_password`, the user
    may do nothing else with it; while `must_add_second_factor`, since a role requires one and the account has none, the
    user may do nothing else after that."""

    id: UUID
    user_id: UUID
    username: str
    authentication: Authentication
    must_change_password: bool = False
    must_add_second_factor: bool = False

    def is_fresh(self, now: datetime) -> bool:
        """Whether the person was authenticated a short time ago."""
        return now - self.authentication.at <= FRESH_FOR


class IssuedSignOn(NamedTuple):
    """The secret for the cookie of a browser, the time until which the browser keeps it, the user, and the logins that
    they sign on with: username and e-mail address."""

    secret: str
    expires_at: datetime
    user_id: UUID
    logins: tuple[str, str]
