"""When and how a person was authenticated."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple, Self

from watchword.auth.assurance import LEVELS

PASSWORD: Final = "pwd"  # noqa: S105 - the name of a method (RFC 8176), no password
"""The value of `acr` and of `amr` for a person who was authenticated with a password."""

MULTIPLE_FACTORS: Final = "mfa"
"""The value of `acr` and of `amr` for a person who showed a second factor too."""

PHISHING_RESISTANT: Final = "phr"
"""The value of `acr` for a person who used a passkey (OpenID Connect EAP ACR Values 1.0)."""

ONE_TIME_CODE: Final = "otp"
"""The value of `amr` for a code of an authenticator app, and for a recovery code (RFC 8176)."""

KEY: Final = "pop"
"""The value of `amr` for a passkey: the possession of a key, of which nobody says whether hardware keeps it (EAP ACR
Values)."""


class Authentication(NamedTuple):
    """The time, the authentication context class (`acr`) and the methods (`amr`, RFC 8176) of an authentication:
    OpenID Connect Core section 2."""

    at: datetime
    acr: str
    amr: Sequence[str]

    def is_at_least(self, acr: str) -> bool:
        """Whether it is as strong as this level."""
        return LEVELS.index(self.acr) >= LEVELS.index(acr)

    def no_stronger_than(self, latest: "Authentication") -> Self:
        """The same, as weakly as this one says if that is weaker."""
        return self if latest.is_at_least(self.acr) else self._replace(acr=latest.acr, amr=latest.amr)

    def or_later(self, other: "Authentication") -> "Authentication":
        """The later of the two; of two at the same time, the stronger."""
        is_later = (other.at, LEVELS.index(other.acr)) > (self.at, LEVELS.index(self.acr))
        return other if is_later else self

    def raised_by_code(self) -> Self:
        """The same, after a code of an authenticator app or a recovery code was shown too."""
        acr = self.acr if self.is_at_least(MULTIPLE_FACTORS) else MULTIPLE_FACTORS
        return self._replace(acr=acr, amr=_with(self.amr, ONE_TIME_CODE))

    def raised_by_passkey(self) -> Self:
        """The same, after a passkey was used too."""
        return self._replace(acr=PHISHING_RESISTANT, amr=_with(self.amr, KEY))


def by_password(at: datetime) -> Authentication:
    return Authentication(at, PASSWORD, (PASSWORD,))


def by_passkey(at: datetime) -> Authentication:
    """By a passkey alone: it is two factors, since its authenticator has verified the person."""
    return Authentication(at, PHISHING_RESISTANT, (KEY, MULTIPLE_FACTORS))


def _with(amr: Sequence[str], method: str) -> Sequence[str]:
    return (*(known for known in amr if known not in (method, MULTIPLE_FACTORS)), method, MULTIPLE_FACTORS)
